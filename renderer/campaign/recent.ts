/** Campaigns viewed on this machine, newest first. */

const STORE = 'umbra.campaigns';
const KEPT = 8;

export function recentCampaigns(): readonly string[] {
  try {
    const all: unknown = JSON.parse(localStorage.getItem(STORE) ?? '[]');
    return Array.isArray(all) ? all.filter((folder) => typeof folder === 'string') : [];
  } catch {
    return [];
  }
}

export function rememberCampaign(folder: string): void {
  const others = recentCampaigns().filter((other) => other !== folder);
  localStorage.setItem(STORE, JSON.stringify([folder, ...others].slice(0, KEPT)));
}
