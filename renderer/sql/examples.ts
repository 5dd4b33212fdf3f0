/** Common questions, as queries to start from. */
export interface Example {
  readonly title: string;
  readonly sql: string;
}

export const examples: readonly Example[] = [
  {
    title: 'What each policy kept',
    sql: `SELECT run_id, policy, dl_discard, kept, lost, round(100 * coverage, 3) AS coverage_percent
FROM replay_result
ORDER BY run_id, coverage`,
  },
  {
    title: 'The longest blackout windows',
    sql: `SELECT policy, lane, start_ns, end_ns - start_ns AS duration_ns, kind, cause, printf('0x%x', ipa) AS ipa, lost
FROM blackout_window
WHERE run_id = (SELECT max(id) FROM run) AND dl_discard = 'record'
ORDER BY duration_ns DESC
LIMIT 100`,
  },
  {
    title: 'Samples lost by cause (chart)',
    sql: `SELECT ifnull(cause, 'none') AS cause, sum(lost) AS lost
FROM blackout_window
GROUP BY 1
ORDER BY 2 DESC`,
  },
  {
    title: 'Total latency of the samples (chart)',
    sql: `SELECT total_lat AS cycles, count(*) AS samples
FROM spe_sample
WHERE total_lat < 200
GROUP BY 1
ORDER BY 1`,
  },
  {
    title: 'Events of the trace (chart)',
    sql: `SELECT event, count(*) AS events
FROM trace_event
GROUP BY 1
ORDER BY 2 DESC`,
  },
  {
    title: 'Guest faults by page',
    sql: `SELECT json_extract(fields, '$.ipa') AS ipa, count(*) AS faults
FROM trace_event
WHERE event = 'kvm_guest_fault'
GROUP BY 1
ORDER BY 2 DESC
LIMIT 50`,
  },
  {
    title: 'Which policy’s profile to trust',
    sql: `SELECT policy, dl_discard, key, round(tvd, 4) AS tvd, round(excess, 4) AS excess, p_value, verdict
FROM skew_result
ORDER BY excess DESC`,
  },
];
