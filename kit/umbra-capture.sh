#!/bin/sh
# Records what Umbra replays: an SPE profile, KVM's and the memory management's events, the memslots and facts of the machine,
# into one tar for `umbra import`. For arm64 hosts and guests. Needs a POSIX shell, busybox's tools, and perf or trace-cmd.
# README.md beside this file tells more. Licence: Apache-2.0.
set -eu

usage() {
	cat <<'END'
usage: umbra-capture.sh check [-T]
       umbra-capture.sh record [options] [-- COMMAND...]

check says what this machine has for it and what is missing (exit 1 if nothing can be recorded); -T: as a table with tabs.
record records until COMMAND ends, or for the time given. One recording at a time; the machine is left as it was found.

  -o FILE.tar   result (umbra-HOST-DATE.tar)
  -t SECONDS    at most so long (10)
  -s MIB        at most so much of each recording (512; less where the disk has less)
  -b KIB        ring buffer of a CPU for KVM's events (8192): larger loses fewer of them
  -a MIB        AUX buffer of a CPU for SPE (perf's own size): larger truncates less often
  -p            trace KVM's page-table calls, too: makes the stage 2 timeline exact, costs time at each fault
  -c PERIOD     SPE: operations between samples (the kernel's smallest)
  -P PID        the VMM (found by its KVM file otherwise, if there is only one)
  -l FILE       memslots: a log of `strace -f -e trace=ioctl -o FILE` of the VMM's start
  -m SOCKET     memslots: QEMU's monitor (-monitor unix:SOCKET,server,nowait); needs socat, or an nc with -U
  -m HOST:PORT  the same (-monitor tcp:127.0.0.1:PORT,server,nowait); busybox's nc will do
  -M FILE       memslots: the monitor's `info cpus`, `info mtree -f`, and `gpa2hva` of each RAM range (or `info ramblock`)
  -S            no SPE: KVM events only (a host whose guests are profiled elsewhere)
  -K            no KVM events: SPE only (inside a guest)
  -d DIR        where the recordings lie until they are packed (beside the result)
  -n NAME       folder in the tar (the result's name)
  -W            driven by `umbra capture`: heartbeats and requests on stdin, the tar on stdout
END
}

TRACEFS=${UMBRA_TRACEFS:-}
SYSFS=${UMBRA_SYSFS:-/sys}
PROC=${UMBRA_PROC:-/proc}
DEV=${UMBRA_DEV:-/dev}

say() { printf '%s\n' "$*" >&2; }
die() {
	say "umbra-capture: $*"
	exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

if [ -z "$TRACEFS" ]; then
	for TRACEFS in /sys/kernel/debug/tracing /sys/kernel/tracing; do
		[ ! -d "$TRACEFS/events" ] || break
	done
fi

# SPE's events: one a cluster on some machines.
spe_pmus() {
	for pmu in "$SYSFS"/bus/event_source/devices/arm_spe_*; do
		[ ! -e "$pmu" ] || printf '%s\n' "${pmu##*/}"
	done
}

has_kvm_events() { [ -d "$TRACEFS/events/kvm" ]; }

# SPE's timestamps reach perf time through the sched_clock's conversion, whatever -k says (arch_perf_update_userpage in
# arch/arm64/kernel/perf_event.c): so the trace takes that clock, which ftrace calls perf.
trace_clock() {
	if grep -qw perf "$TRACEFS/trace_clock" 2>/dev/null; then echo perf; else echo mono; fi
}

# NAME STATE TEXT [WHAT TO DO]: a line of the check. States: ok, missing, note.
tell() {
	if [ "$table" = 1 ]; then
		printf '%s\t%s\t%s\t%s\n' "$@"
	else
		case $2 in
		missing) printf '%-10s MISSING: %s\n' "$1" "$3${4:+. $4}" ;;
		*) printf '%-10s %s\n' "$1" "$3${4:+ ($4)}" ;;
		esac
	fi
}

check() {
	usable=1
	tell machine ok "$(uname -m), Linux $(uname -r)"
	if [ "$(id -u)" = 0 ]; then tell root ok yes; else
		tell root missing "this is $(id -un 2>/dev/null || id -u)" "run as root, or with sudo (--sudo): tracefs and system-wide profiling need it"
	fi
	if [ -z "$(spe_pmus)" ]; then
		tell SPE missing "no arm_spe PMU" "CONFIG_ARM_SPE_PMU? kpti=off on the command line? firmware that lets EL1 use it? In a guest: a VMM and a KVM that give it SPE?"
	elif have perf; then
		tell SPE ok "$(spe_pmus | tr '\n' ' ')"
		usable=0
	else
		tell SPE missing "$(spe_pmus | tr '\n' ' '), but no perf to record it" "install perf (linux-perf, linux-tools)"
	fi
	paranoid=$(cat "$PROC/sys/kernel/perf_event_paranoid" 2>/dev/null || :)
	if [ -n "$paranoid" ] && [ "$paranoid" -gt 0 ] && [ "$(id -u)" != 0 ]; then
		tell paranoid missing "kernel.perf_event_paranoid is $paranoid" "sysctl kernel.perf_event_paranoid=-1, or run as root"
	fi
	if [ -e "$DEV/kvm" ]; then tell KVM ok "$DEV/kvm"; else
		tell KVM missing "no $DEV/kvm" "not a KVM host, or started at EL1; fine inside a guest"
	fi
	if has_kvm_events; then
		tell tracefs ok "$TRACEFS, clock $(trace_clock)"
		usable=0
	elif [ -d "$TRACEFS/events" ]; then
		tell tracefs missing "no kvm events in $TRACEFS" "CONFIG_KVM and CONFIG_FTRACE; fine inside a guest"
	else
		tell tracefs missing "not there, or not readable" "mount -t tracefs nodev /sys/kernel/tracing"
	fi
	if have trace-cmd; then
		tell recorder ok trace-cmd
	elif have perf; then
		tell recorder ok "perf (no trace-cmd)"
	else
		tell recorder note trace_pipe "neither trace-cmd nor perf: busy machines lose events"
	fi
	if [ -w "$TRACEFS/kprobe_events" ]; then tell kprobes ok "yes (-p)"; else
		tell kprobes missing "no kprobe_events" "-p and the memslot probe need CONFIG_KPROBE_EVENTS"
	fi
	tell disk ok "$(free_mib "$(parts_home)") MiB free in $(parts_home)"
	busy=$(lock_holder)
	[ -z "$busy" ] || tell lock missing "a recording runs here already (process $busy)" "wait for it to end, or end that process"
	return "$usable"
}

# Where recordings lie that aren't to stay: on a disk, if possible; /tmp is often memory.
parts_home() {
	for home in "${parts_in:-}" "${TMPDIR:-}" /var/tmp /tmp; do
		if [ -n "$home" ] && [ -d "$home" ] && [ -w "$home" ]; then break; fi
	done
	printf '%s\n' "$home"
}

# DIR
free_mib() { df -Pk "$1" 2>/dev/null | awk 'END { print int($4 / 1024) }'; }

# ---- leaving the machine as it was found
#
# KVM's events are recorded in a trace instance of our own, so that nothing of tracefs' top level changes: taking the instance
# and the probes away undoes all. A recording that is killed can't do that: a second process guards it, and does it when the
# recording dies or, where `umbra capture` drives it, nothing was heard of the connection for 5 s. If both are killed at once, the next
# recording finds the lock and does it. All processes of a recording carry UMBRA_RUN in their environment; those that a
# shell forks without executing anything don't, and are written down in `jobs`.

# Seconds without a heartbeat.
GONE=${UMBRA_GONE:-5}

# A folder that only this user can write to.
state_home() {
	home=${UMBRA_STATE:-/run}
	if [ ! -w "$home" ]; then
		home=${TMPDIR:-/tmp}/umbra-$(id -u)
		(umask 077 && mkdir -p "$home") 2>/dev/null || :
		# shellcheck disable=SC2012
		[ "$(ls -ldn "$home" 2>/dev/null | awk '{ print substr($1, 1, 1) $3 }')" = "d$(id -u)" ] || home=
	fi
	printf '%s\n' "$home"
}

# PID: when it started; what tells it from a later one of that number.
start_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '{ print $20 }'; }

# The process that holds the lock and is alive; nothing if there is none.
lock_holder() {
	owner=$(readlink "$(state_home)/umbra-capture" 2>/dev/null || :)
	[ -n "$owner" ] || return 0
	rest=${owner#*:}
	[ "$(start_of "${owner%%:*}")" != "${rest%%:*}" ] || printf '%s\n' "${owner%%:*}"
}

# One recording at a time. The lock is a symbolic link that says PID:START:RUN:WORK: made at once with all it says.
take_lock() {
	home=$(state_home)
	[ -n "$home" ] || die "${TMPDIR:-/tmp}/umbra-$(id -u) belongs to somebody else"
	lock=$home/umbra-capture
	mine=$$:$(start_of $$):$UMBRA_RUN:$work
	tries=0
	until ln -s "$mine" "$lock" 2>/dev/null; do
		tries=$((tries + 1))
		owner=$(readlink "$lock" 2>/dev/null || :)
		[ "$tries" -lt 5 ] || die "$lock: can't be made"
		holder=$(lock_holder)
		[ -z "$holder" ] || die "a recording runs here already (process $holder): one at a time"
		# Killed together with its guard. Whoever moves the lock away tidies up.
		if [ -n "$owner" ] && mv "$lock" "$lock.$$" 2>/dev/null; then
			say "note: tidying up after a recording that was killed"
			rest=${owner#*:*:}
			keep=$$
			undo "${rest%%:*}" "${rest#*:}"
			rm -f "$lock.$$"
		fi
	done
	locked=1
}

start_guard() {
	guard_with=
	! have setsid || guard_with=setsid
	set -- guard "$$" "$mine" "$lock" "$work" "$TRACEFS" "$control_job"
	if [ -n "${UMBRA_SCRIPT:-}" ]; then
		$guard_with sh -c "$UMBRA_SCRIPT" umbra-capture "$@" </dev/null >/dev/null 2>&1 4>&- &
	else
		$guard_with sh "$0" "$@" </dev/null >/dev/null 2>&1 &
	fi
	guard_job=$!
}

# MAIN MINE LOCK WORK TRACEFS [READER]: the guard itself. READER reads what comes over the connection.
guard() {
	trap '' HUP INT TERM
	main=$1 mine=$2 lock=$3 work=$4 TRACEFS=$5 reader=$6
	instance=$TRACEFS/instances/umbra
	keep=$$
	run=${mine#*:*:}
	silent=0
	beat=
	while kill -0 "$main" 2>/dev/null && [ "$silent" -lt "$GONE" ] && [ ! -e "$work/gone" ]; do
		[ "$(readlink "$lock" 2>/dev/null || :)" = "$mine" ] || return 0
		sleep 1 || :
		[ -n "$reader" ] || continue
		kill -0 "$reader" 2>/dev/null || break
		silent=$((silent + 1))
		last=$beat
		read -r beat <"$work/beat" 2>/dev/null || :
		[ "$beat" = "$last" ] || silent=0
	done
	[ "$(readlink "$lock" 2>/dev/null || :)" = "$mine" ] || return 0
	kill -9 "$main" 2>/dev/null || :
	undo "${run%%:*}" "$work"
	rm -f "$lock"
}

# RUN: all its processes.
marked() { grep -l "UMBRA_RUN=$1" /proc/[0-9]*/environ 2>/dev/null | sed 's/[^0-9]//g'; }

# RUN WORK: ends all of it but the processes in $keep, and takes away what it made.
undo() {
	rounds=0
	while [ "$rounds" -lt 9 ]; do
		hit=0
		for process in $(cat "$2/jobs" 2>/dev/null || :) $(marked "$1"); do
			case " $keep " in *" $process "*) continue ;; esac
			! kill -9 "$process" 2>/dev/null || hit=1
		done
		true 2>/dev/null >"$2/jobs" || true
		[ "$hit" = 1 ] || break
		rounds=$((rounds + 1))
	done
	rounds=0
	# Busy as long as somebody reads from it.
	while [ -d "$instance" ] && ! rmdir "$instance" 2>/dev/null && [ "$rounds" -lt 5 ]; do
		sleep 1 || :
		rounds=$((rounds + 1))
	done
	if [ -s "$2/probes" ]; then
		while read -r probe; do
			echo 0 >"$TRACEFS/events/umbra/$probe/enable" || :
			echo "-:umbra/$probe" >>"$TRACEFS/kprobe_events" || :
		done <"$2/probes" 2>/dev/null
	fi
	rm -rf "$2"
}

make_instance() {
	if mkdir "$instance" 2>/dev/null; then
		trace_clock >"$instance/trace_clock" || :
	elif [ "$want_kvm" = 1 ]; then
		say_log "note: no KVM events: $instance can't be made"
		want_kvm=0
	fi
}

# ---- driven by umbra capture: lines on stdin, lines on stderr, the tar on stdout

# STATE
say_state() { [ "$driven" = 0 ] || say "umbra-capture: $1"; }

# SECONDS KIB: how far it is. Loss is said as it happens, also to those who watch by hand.
say_progress() {
	counted=
	[ "$want_kvm" = 0 ] || [ ! -d "$instance/per_cpu" ] || counted=$(cat "$instance"/per_cpu/cpu*/stats 2>/dev/null | awk '
		/^(entries|read events):/ { events += $NF }
		/^(overrun|commit overrun|dropped events):/ { lost += $NF }
		END { printf "%.0f %.0f", events, lost }' || :)
	# perf keeps its events to itself.
	case $counted in '0 0') counted= ;; esac
	[ "$driven" = 0 ] || say "umbra-capture: progress $1 $2 ${counted:-- -}"
	lost=${counted#* }
	if [ -n "$counted" ] && [ "$lost" -gt "${lost_before:-0}" ]; then
		say_log "lost: $lost of KVM's events so far: the ring buffers are too small (-b $((buffer_kib * 4)))"
		lost_before=$lost
	fi
}

# What the other end asks: `beat N` each second, `stop`, `clock N`.
control() {
	while read -r word number; do
		case $word in
		beat)
			echo "$number" >"$work/beat"
			say "umbra-capture: beat $number"
			;;
		stop) : >"$work/stop" ;;
		clock) say_clock "$number" ;;
		esac
	done
	: >"$work/gone"
}

alive_connection() { [ ! -e "$work/gone" ] || die "the connection is gone"; }

# N: the clock that both SPE's timestamps and the trace's are on (sched_clock), read with nothing but the shell, so that little
# time passes. The ring buffer tells it in µs; without tracefs the scheduler's statistics do.
say_clock() {
	clock_at=
	for clock_file in "${UMBRA_CLOCK:-$instance/per_cpu/cpu0/stats}" "$SYSFS/kernel/debug/sched/debug" "$PROC/sched_debug"; do
		[ -r "$clock_file" ] || continue
		while read -r label colon value _; do
			case "$label $colon" in
			'now ts:') clock_at="$value s" ;;
			'sched_clk :') clock_at="$value ms" ;;
			*) continue ;;
			esac
			break
		done <"$clock_file"
		[ -z "$clock_at" ] || break
	done
	say "umbra-capture: clock $1 ${clock_at:--}"
}

# ---- options

out=
seconds=10
mib=512
buffer_kib=8192
aux_mib=
table=0
parts_in=
folder=
driven=0
table_calls=0
period=
vmm=
strace_log=
monitor=
monitor_text=
want_spe=1
want_kvm=1

number() {
	case $2 in
	'' | *[!0-9]* | 0*) die "$1 takes a whole number from 1, not '$2'" ;;
	esac
}

mode=${1:-}
[ $# -eq 0 ] || shift
case $mode in
check)
	[ "${1:-}" != -T ] || table=1
	check && exit 0 || exit 1
	;;
guard)
	guard "$@"
	exit 0
	;;
record) ;;
-h | --help | help)
	usage
	exit 0
	;;
*)
	usage >&2
	exit 2
	;;
esac

while getopts o:t:s:b:a:pc:P:l:m:M:SKd:n:W option; do
	case $option in
	o) out=$OPTARG ;;
	t) number -t "$OPTARG" && seconds=$OPTARG ;;
	s) number -s "$OPTARG" && mib=$OPTARG ;;
	b) number -b "$OPTARG" && buffer_kib=$OPTARG ;;
	a) number -a "$OPTARG" && aux_mib=$OPTARG ;;
	p) table_calls=1 ;;
	c) number -c "$OPTARG" && period=$OPTARG ;;
	P) number -P "$OPTARG" && vmm=$OPTARG ;;
	l) strace_log=$OPTARG ;;
	m) monitor=$OPTARG ;;
	M) monitor_text=$OPTARG ;;
	S) want_spe=0 ;;
	K) want_kvm=0 ;;
	d) parts_in=$OPTARG ;;
	n) folder=$OPTARG ;;
	W) driven=1 ;;
	*)
		usage >&2
		exit 2
		;;
	esac
done
shift $((OPTIND - 1))

[ -z "$strace_log" ] || [ -r "$strace_log" ] || die "$strace_log: can't be read"
[ -z "$monitor_text" ] || [ -r "$monitor_text" ] || die "$monitor_text: can't be read"
host=$(uname -n | tr -c 'A-Za-z0-9\n' -)
out=${out:-umbra-$host-$(date +%Y%m%d-%H%M%S).tar}
case $out in *.tar) ;; *) die "$out: the result is a .tar" ;; esac
[ -n "$(spe_pmus)" ] && have perf || want_spe=0
has_kvm_events || want_kvm=0
[ "$want_spe$want_kvm" != 00 ] || die "nothing to record here: \`$0 check\` says what is missing"

# ---- recording

name=$(printf '%s' "${folder:-$(basename "$out" .tar)}" | tr -c 'A-Za-z0-9._\n-' -)
: "${UMBRA_RUN:=$$-$(date +%s)}"
export UMBRA_RUN
if [ "$driven" = 1 ] || [ -n "$parts_in" ]; then
	work=$(parts_home)/umbra-capture.$UMBRA_RUN
else
	case $out in /*) work=$out.parts ;; *) work=$(pwd)/$out.parts ;; esac
fi
dir=$work/$name
log=$dir/capture.log
instance=$TRACEFS/instances/umbra
probes=
kvm_job=
spe_job=
guard_job=
control_job=
locked=
# The trace must not end before the profile does: it is ended after it, and by itself only if nobody does.
kvm_seconds=$((seconds + 30))

say_log() {
	say "$*"
	printf '%s\n' "$*" >>"$log"
}

alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# NAME JOB: until the recorder runs what it was given, and so is recording; a busy machine may take its time.
wait_for() {
	tries=0
	while [ ! -s "$work/$1.pid" ] && [ "$tries" -lt 30 ] && alive "$2"; do
		sleep 1
		tries=$((tries + 1))
	done
}

# NAME JOB: ends a recording by ending what it waits for: a recorder that is killed leaves a broken file. What doesn't hear
# SIGTERM is killed.
end_of() {
	alive "$2" || return 0
	wait_for "$1" "$2"
	waited=$(cat "$work/$1.pid" 2>/dev/null || :)
	if [ -z "$waited" ]; then
		kill "$2" 2>/dev/null || :
		return 0
	fi
	kill "$waited" 2>/dev/null || return 0
	tries=0
	while alive "$waited" && [ "$tries" -lt 5 ]; do
		sleep 1
		tries=$((tries + 1))
	done
	! alive "$waited" || kill -9 "$waited" 2>/dev/null || :
}

tidy() {
	status=$?
	trap - EXIT
	trap '' INT TERM HUP
	if [ -n "$locked" ]; then
		keep="$$ $guard_job $control_job"
		undo "$UMBRA_RUN" "$work"
		rm -f "$lock"
		# Last, when there is nothing left to guard: a reader that is gone is to the guard a connection that is.
		for process in $guard_job $control_job; do kill -9 "$process" 2>/dev/null || :; done
	fi
	exit "$status"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# NAME 'DEFINITION': one that this kernel doesn't have is left out.
add_probe() {
	if printf '%s\n' "$2" >>"$TRACEFS/kprobe_events" 2>>"$log"; then
		printf '%s\n' "$1" >>"$work/probes"
		probes="$probes $1"
	else
		say_log "note: no probe $1: this kernel's function is another one"
	fi
}

# Whether the running kernel has a function. Without a readable kallsyms only trying tells.
has_function() {
	grep -q ' [tTwW] ' "$PROC/kallsyms" 2>/dev/null || return 0
	grep -q " [tTwW] $1\$" "$PROC/kallsyms"
}

# NAME KIND FUNCTION ARGUMENTS: a probe on a function, if this kernel has it.
probe_function() {
	has_function "$3" || return 1
	add_probe "$1" "$2:umbra/$1 $3 $4"
}

# Arguments by register (AAPCS64): x0 on. Names and fields are those that Umbra knows. What exists differs by kernel: from 6.12 on
# mkold is test_clear_young, from 6.19 on destroy is destroy_range and destroy_pgd.
add_probes() {
	[ -w "$TRACEFS/kprobe_events" ] || return 0
	slot='slot=+0(%x1):u32 flags=+4(%x1):u32 gpa=+8(%x1):x64 size=+16(%x1):x64 hva=+24(%x1):x64'
	probe_function memslot p __kvm_set_memory_region "$slot" || probe_function memslot p kvm_set_memory_region "$slot" ||
		say_log "note: no probe memslot: this kernel has neither __kvm_set_memory_region nor kvm_set_memory_region"
	[ "$table_calls" = 1 ] || return 0
	f=kvm_pgtable_stage2
	range='pgt=%x0:x64 ipa=%x1:x64 size=%x2:x64'
	probe_function s2_map p ${f}_map "$range pa=%x3:x64 prot=%x4:x64" || say_log "note: no ${f}_map: -p gives nothing here"
	probe_function s2_map_ret r ${f}_map "ret=\$retval:s32" || :
	probe_function s2_unmap p ${f}_unmap "$range" || say_log "note: no ${f}_unmap: -p gives nothing here"
	probe_function s2_wrprotect p ${f}_wrprotect "$range" || :
	probe_function s2_relax p ${f}_relax_perms "pgt=%x0:x64 ipa=%x1:x64 prot=%x2:x64" || :
	probe_function s2_relax_ret r ${f}_relax_perms "ret=\$retval:s32" || :
	probe_function s2_mkyoung p ${f}_mkyoung "pgt=%x0:x64 ipa=%x1:x64" || :
	if grep -q " [tTwW] ${f}_test_clear_young\$" "$PROC/kallsyms" 2>/dev/null; then
		probe_function s2_test_clear_young p ${f}_test_clear_young "$range mkold=%x3:u8" || :
	else
		probe_function s2_mkold p ${f}_mkold "pgt=%x0:x64 ipa=%x1:x64" || :
	fi
	probe_function s2_split p ${f}_split "$range" || :
	if grep -q " [tTwW] ${f}_destroy_range\$" "$PROC/kallsyms" 2>/dev/null; then
		probe_function s2_destroy_range p ${f}_destroy_range "$range" || :
		probe_function s2_destroy_pgd p ${f}_destroy_pgd "pgt=%x0:x64" || :
	else
		probe_function s2_destroy p ${f}_destroy "pgt=%x0:x64" || :
	fi
}

# Bytes of the host's pages: by the first mapping of any process; getconf isn't everywhere.
page_size() {
	kib=$(sed -n 's/^KernelPageSize: *\([0-9]*\) kB$/\1/p' "$PROC/self/smaps" 2>/dev/null | sort -n | head -n 1)
	if [ -n "$kib" ]; then echo $((kib * 1024)); else getconf PAGESIZE 2>/dev/null || :; fi
}

# KVM_PGTABLE_PROT_W of the running kernel, where BTF and bpftool are at hand.
prot_w() {
	have bpftool && [ -r "$SYSFS/kernel/btf/vmlinux" ] || return 0
	bpftool btf dump file "$SYSFS/kernel/btf/vmlinux" 2>/dev/null |
		sed -n "s/.*'KVM_PGTABLE_PROT_W' val=\([0-9]*\).*/\1/p" | head -n 1
}

# What Umbra must know of the host, for programs.
write_host() {
	{
		printf '{"kernel": "%s"' "$(uname -r)"
		size=$(page_size)
		[ -z "$size" ] || printf ', "pageSize": %s' "$size"
		write=$(prot_w)
		[ -z "$write" ] || printf ', "protW": %s' "$write"
		printf ', "probes": ['
		comma=
		for probe in $probes; do
			printf '%s"%s"' "$comma" "$probe"
			comma=', '
		done
		printf ']}\n'
	} >"$dir/kvm.host.json"
}

# PID: `hva backing` of each slot of $work/slots, by the mapping that holds its address.
backings() {
	[ -r "$PROC/$1/smaps" ] || return 0
	awk -v base="$(page_size)" '
		function padded(hex) { sub(/^0x/, "", hex); hex = sprintf("%16s", hex); gsub(/ /, "0", hex); return hex }
		FNR == NR { if ($4 != "") wanted[++n] = $4; next }
		/^[0-9a-f]+-[0-9a-f]+ / {
			split($1, range, "-"); from = padded(range[1]); to = padded(range[2])
			kind = index($2, "s") ? "shared" : "anonymous"
			if ($0 ~ /guest_memfd|gmem/) kind = "guest_memfd"
			next
		}
		/^KernelPageSize:/ { if (base != "" && $2 * 1024 > base && kind != "guest_memfd") kind = "hugetlb" }
		/^VmFlags:/ {
			for (i = 1; i <= n; i++) { a = padded(wanted[i]); if (a >= from && a < to) print wanted[i], kind }
		}' "$work/slots" "$PROC/$1/smaps"
}

# SYSTEM:EVENT, one a line: KVM, the calls that change host mappings, and the host's memory management. Only what is there.
events() {
	echo kvm
	[ -z "$probes" ] || echo umbra
	for call in munmap mmap mremap madvise process_madvise mprotect fallocate ioctl; do
		echo "syscalls:sys_enter_$call"
		echo "syscalls:sys_exit_$call"
	done
	printf '%s\n' migrate:mm_migrate_pages huge_memory:mm_collapse_huge_page ksm:ksm_merge_with_ksm_page
}

known_events() {
	events | while IFS=: read -r system event; do
		[ ! -d "$TRACEFS/events/$system${event:+/$event}" ] || printf '%s\n' "$system${event:+:$event}"
	done
}

# What a recorder runs and waits for. Its process id is how the recording is ended.
# shellcheck disable=SC2016
waiter='echo $$ >"$0"; exec "$@"'

# The first recorder that this machine has and allows.
record_kvm() {
	clock=$(trace_clock)
	list=$(known_events)
	if have trace-cmd; then
		record_trace_cmd || [ -s "$dir/kvm.trace.dat" ] || say_log "note: trace-cmd can't record here: see capture.log"
		[ ! -s "$dir/kvm.trace.dat" ] || return 0
	fi
	if have perf; then record_perf; else record_pipe; fi
}

record_trace_cmd() {
	set --
	for event in $list; do set -- "$@" -e "$event"; done
	cpus=$(grep -c '^processor' "$PROC/cpuinfo" 2>/dev/null || :)
	[ "${cpus:-0}" -gt 0 ] || cpus=1
	trace-cmd record -B umbra -C "$clock" -b "$buffer_kib" -m $((mib * 1024 / cpus + 1)) "$@" -o "$dir/kvm.trace.dat" \
		sh -c "$waiter" "$work/kvm.pid" sleep "$kvm_seconds" >>"$log" 2>&1
}

# Older perfs have no such option: their recordings are bounded by the time, and by the loop that waits below.
max_size() {
	if perf record -h 2>&1 | grep -q max-size; then max_size="--max-size ${mib}M"; else max_size=; fi
}

record_perf() {
	set --
	for event in $list; do
		case $event in *:*) ;; *) event="$event:*" ;; esac
		set -- "$@" -e "$event"
	done
	max_size
	# shellcheck disable=SC2086
	perf record -a --no-buildid $max_size "$@" -o "$dir/kvm.perf.data" -- \
		sh -c "$waiter" "$work/kvm.pid" sleep "$kvm_seconds" >>"$log" 2>&1
}

# The last resort: the kernel's own text.
record_pipe() {
	echo "$buffer_kib" >"$instance/buffer_size_kb"
	for event in $list; do
		path=$(printf '%s' "$event" | tr : /)
		echo 1 >"$instance/events/$path/enable"
	done
	head -c $((mib * 1048576)) <"$instance/trace_pipe" >"$dir/kvm.ftrace.txt" &
	pipe=$!
	# A shell tells that its command was ended, which is how this one is meant to end.
	{ sh -c "$waiter" "$work/kvm.pid" sleep "$kvm_seconds" || :; } 2>/dev/null
	echo 0 >"$instance/tracing_on" || :
	sleep 1
	kill "$pipe" 2>/dev/null || :
}

# COMMAND...
record_spe() {
	config=ts_enable=1,pa_enable=1,load_filter=1,store_filter=1,branch_filter=1,jitter=1,min_latency=0
	selected=
	for pmu in $(spe_pmus); do
		[ "$(id -u)" = 0 ] || config=$(printf '%s' "$config" | sed 's/pa_enable=1,//')
		selected="$selected -e $pmu/$config/"
	done
	[ $# -gt 0 ] || set -- sleep "$seconds"
	max_size
	# shellcheck disable=SC2086
	perf record -a ${period:+-c "$period"} ${aux_mib:+-m ",${aux_mib}M"} $selected $max_size -o "$dir/spe.perf.data" -- \
		sh -c "$waiter" "$work/spe.pid" "$@" >>"$log" 2>&1
}

# ---- memslots and facts

vmm_pid() {
	if [ -n "$vmm" ]; then
		echo "$vmm"
		return 0
	fi
	found=
	for fd in "$PROC"/[0-9]*/fd/*; do
		[ "$(readlink "$fd" 2>/dev/null)" = anon_inode:kvm-vm ] || continue
		process=${fd%/fd/*}
		process=${process##*/}
		[ "$process" != "$found" ] || continue
		[ -z "$found" ] || {
			say_log "note: several VMMs run here: name yours with -P"
			return 0
		}
		found=$process
	done
	printf '%s\n' "$found"
}

# `vcpu tid` lines, by the names that QEMU (debug-threads=on), crosvm, Firecracker and kvmtool give their threads.
vcpu_threads() {
	[ -n "$1" ] || return 0
	for task in "$PROC/$1"/task/[0-9]*; do
		[ -r "$task/comm" ] || continue
		vcpu=$(sed -n -e 's/^CPU \([0-9]*\)\/KVM$/\1/p' -e 's/^crosvm_vcpu\([0-9]*\)$/\1/p' \
			-e 's/^fc_vcpu \([0-9]*\)$/\1/p' -e 's/^kvm-vcpu-\([0-9]*\)$/\1/p' "$task/comm")
		[ -z "$vcpu" ] || echo "$vcpu ${task##*/}"
	done
}

# COMMAND...: what QEMU's monitor answers.
monitor_says() {
	{
		printf '%s\n' "$@"
		# Whoever speaks ends the talk: the answers must be there by then.
		sleep 2
	} | case $monitor in
	*:*[0-9]) nc -w 4 "${monitor%:*}" "${monitor##*:}" ;;
	*) if have socat; then socat -t 2 - "UNIX-CONNECT:$monitor"; else nc -w 4 -U "$monitor"; fi ;;
	esac | tr -d '\r'
}

# `slot gpa size hva readonly` lines. Later calls for a slot replace earlier ones; size 0 deletes it.
slots_of_strace() {
	sed -n 's/.*KVM_SET_USER_MEMORY_REGION2*, {slot=\([0-9]*\), flags=\([^,]*\), guest_phys_addr=\(0x[0-9a-f]*\|[0-9]*\), memory_size=\(0x[0-9a-f]*\|[0-9]*\), userspace_addr=\([^}, ]*\).*/\1 \3 \4 \5 \2/p' "$1" |
		awk '{ line[$1] = ($3 == "0" || $3 == "0x0") ? "" : $0; if (!($1 in order)) { order[$1] = n; slot[n++] = $1 } }
			END { for (i = 0; i < n; i++) if (line[slot[i]] != "") print line[slot[i]] }' |
		while read -r slot gpa size hva flags; do
			case $flags in *READONLY* | 2 | 0x2) readonly=true ;; *) readonly=false ;; esac
			printf '%s 0x%x 0x%x %s %s\n' "$slot" "$((gpa))" "$((size))" "$hva" "$readonly"
		done
}

# FILE: `first last region offset readonly` lines: where the guest's RAM lies, by `info mtree -f`.
ram_of_monitor() {
	tr -d '\r' <"$1" | awk '
		/AS "memory"/ { inview = 1; next }
		/^FlatView/ { inview = 0 }
		inview && /\(prio -?[0-9]+, (nv-)?(ram|rom|romd)\)/ {
			split($1, range, "-")
			name = $0; sub(/.*\): /, "", name); split(name, word, /[ \t]+/)
			offset = "0"; if (match(name, /@[0-9a-f]+/)) offset = substr(name, RSTART + 1, RLENGTH - 1)
			line = range[1] " " range[2] " " word[1] " " offset " " ($0 ~ /, (nv-)?romd?\)/ ? "true" : "false")
			if (!seen[line]++) print line
		}'
}

# Where the host has it: `gpa2hva` says it of an address; since QEMU 8.0 also `info ramblock`, of a whole block.
slots_of_monitor() {
	ram_of_monitor "$1" >"$work/monitor.views"
	slot=0
	while read -r first last region offset readonly; do
		hva=$(tr -d '\r' <"$1" | awk -v gpa="0x$(printf %x "$((0x$first))")" -v name="$region" '
			$1 == "Host" && $5 == gpa && $7 == "is" { answer = $8 }
			/^[ \t]*Block Name/ { has = /HVA/; next }
			has && $1 == name && /0x/ { for (i = NF; i > 0; i--) if ($i ~ /^0x/) { block = $i; break } }
			END { print answer != "" ? answer : block != "" ? "+" block : "" }')
		case $hva in
		'') continue ;;
		+*) hva=$((${hva#+} + 0x$offset)) ;;
		esac
		printf '%s 0x%x 0x%x 0x%x %s\n' "$slot" "$((0x$first))" "$((0x$last - 0x$first + 1))" "$((hva))" "$readonly"
		slot=$((slot + 1))
	done <"$work/monitor.views"
}

# All that the monitor knows of memory: which ranges to ask for by address it says itself.
ask_monitor() {
	monitor_says 'info cpus' 'info mtree -f' 'info ramblock' >"$1"
	set -- "$1"
	while read -r first _; do set -- "$@" "gpa2hva 0x$first"; done <<-END
		$(ram_of_monitor "$1")
	END
	[ $# -eq 1 ] || (
		text=$1
		shift
		monitor_says "$@" >>"$text"
	)
}

# PID
write_vm() {
	if [ -n "$monitor" ]; then
		ask_monitor "$dir/qemu-monitor.txt" 2>>"$log" || :
		grep -q '^FlatView' "$dir/qemu-monitor.txt" || say_log "note: $monitor: the monitor doesn't answer"
		monitor_text=$dir/qemu-monitor.txt
	fi
	: >"$work/slots"
	if [ -n "$strace_log" ]; then
		slots_of_strace "$strace_log" >"$work/slots"
	elif [ -n "$monitor_text" ]; then
		slots_of_monitor "$monitor_text" >"$work/slots"
	fi
	vcpu_threads "$1" | sort -n >"$work/vcpus"
	# Without debug-threads=on QEMU's threads have no names of their own; its monitor knows them.
	[ -s "$work/vcpus" ] || [ -z "$monitor_text" ] ||
		tr -d '\r' <"$monitor_text" | sed -n 's/^[* ]*CPU #\([0-9]*\): thread_id=\([0-9]*\).*/\1 \2/p' >"$work/vcpus"
	if [ ! -s "$work/slots" ] && [ ! -s "$work/vcpus" ]; then
		say_log "note: neither memslots nor vCPU threads are known: write a VM description by hand (README.md)"
		return 0
	fi
	: >"$work/backings"
	[ -z "$1" ] || backings "$1" >"$work/backings" 2>>"$log" || :
	[ -s "$work/slots" ] || say_log "note: no memslots known: unmaps by host address can't be told to guest pages (-l, -m or -M)"
	{
		size=$(page_size)
		printf '{%s"vms": [{' "${size:+\"pageSize\": $size, }"
		[ -z "$1" ] || printf '"pid": %s, ' "$1"
		printf '"slots": ['
		comma=
		while read -r slot gpa size hva readonly; do
			backing=$(sed -n "s/^$hva \([a-z_]*\)\$/\1/p" "$work/backings" | head -n 1)
			printf '%s\n  {"slot": %s, "gpa": "%s", "size": "%s", "hva": "%s", "readonly": %s%s}' "$comma" "$slot" "$gpa" "$size" "$hva" "$readonly" \
				"${backing:+, \"backing\": \"$backing\"}"
			comma=,
		done <"$work/slots"
		printf '],\n  "vcpus": ['
		comma=
		while read -r vcpu tid; do
			printf '%s{"vcpu": %s, "tid": %s}' "$comma" "$vcpu" "$tid"
			comma=', '
		done <"$work/vcpus"
		printf ']}]}\n'
	} >"$dir/kvm.vm.json"
}

# Plain text for people; nothing that names users or secrets.
write_facts() {
	{
		uname -a
		date -u
		cat "$PROC/cmdline"
		grep -m 1 -i 'cpu part\|model name' "$PROC/cpuinfo"
		grep -c '^processor' "$PROC/cpuinfo"
		page_size
		for pmu in $(spe_pmus); do
			for file in "$SYSFS/bus/event_source/devices/$pmu"/cpumask "$SYSFS/bus/event_source/devices/$pmu"/caps/*; do
				[ ! -r "$file" ] || echo "$pmu ${file##*/}: $(cat "$file")"
			done
		done
		perf --version
		trace-cmd --version | head -n 1
		for file in "$SYSFS"/module/kvm/parameters/* "$SYSFS"/kernel/mm/ksm/run "$SYSFS"/kernel/mm/transparent_hugepage/enabled; do
			[ ! -r "$file" ] || echo "$file: $(cat "$file")"
		done
		grep -i 'kvm\|spe' "$PROC/interrupts"
		# The driver's line has the buffer's alignment (PMBIDR_EL1.Align) and features; no file of the kernel's has the register.
		dmesg 2>/dev/null | grep -i 'arm_spe_pmu.*probed'
	} >"$dir/facts.txt" 2>/dev/null || :
}

# ---- the run

mkdir -p "$(dirname "$work")"
take_lock
rm -rf "$work"
(umask 077 && mkdir -p "$dir") || die "$work: can't be made"
: >"$log"
: >"$work/probes"
: >"$work/jobs"
if [ "$driven" = 1 ]; then
	# Whatever writes to stdout by mistake must not get into the tar.
	exec 3<&0 4>&1 </dev/null >&2
	echo 0 >"$work/beat"
	control <&3 4>&- &
	control_job=$!
	echo "$control_job" >>"$work/jobs"
	exec 3<&-
fi
start_guard
room=$(free_mib "$work")
if [ "${room:-0}" -gt 0 ] && [ "$room" -lt $((2 * mib + 64)) ]; then
	mib=$(((room - 64) / 2))
	[ "$mib" -ge 8 ] || die "$work has only $room MiB free: another place with -d DIR"
	say_log "note: $room MiB free in $(dirname "$work"): at most $mib MiB of each recording"
fi
size_kib() { du -sk "$dir" | awk '{ print $1 }'; }

write_facts
pid=$(vmm_pid)
[ "$want_kvm$driven" = 00 ] || make_instance
[ "$want_kvm$want_spe" != 00 ] || die "nothing to record here: \`umbra-capture.sh check\` says what is missing"
[ "$want_kvm" = 0 ] || add_probes
write_host
kvm_failed=0
spe_failed=0
say_state ready
if [ "$want_kvm" = 1 ]; then
	record_kvm 4>&- &
	kvm_job=$!
	echo "$kvm_job" >>"$work/jobs"
	# The trace must hold what the profile's first samples meet.
	wait_for kvm "$kvm_job"
	sleep 1
fi
if [ "$want_spe" = 1 ]; then
	record_spe "$@" 4>&- &
	spe_job=$!
elif [ $# -gt 0 ]; then
	sh -c "$waiter" "$work/spe.pid" "$@" >>"$log" 2>&1 4>&- &
	spe_job=$!
fi
[ -z "$spe_job" ] || echo "$spe_job" >>"$work/jobs"
recording=
[ "$want_spe" = 0 ] || recording=SPE
[ "$want_kvm" = 0 ] || recording="${recording:+$recording and }KVM events"
say_log "recording $recording for at most $seconds s"

passed=0
say_state recording
while alive "${spe_job:-$kvm_job}"; do
	[ "$passed" -lt "$seconds" ] || break
	kib=$(size_kib)
	say_progress "$passed" "$kib"
	if [ "$kib" -ge $((2048 * mib)) ]; then
		say_log "note: stopped after $passed s: the recordings reached their size"
		break
	fi
	if [ -e "$work/stop" ]; then
		say_log "note: stopped after $passed s, as asked"
		break
	fi
	alive_connection
	alive "$guard_job" || start_guard
	sleep 1
	passed=$((passed + 1))
done
say_state finishing
end_of spe "$spe_job"
[ -z "$spe_job" ] || wait "$spe_job" || spe_failed=$?
# What the recorder itself still counts is gone with the instance.
say_progress "$passed" "$(size_kib)"
end_of kvm "$kvm_job"
[ -z "$kvm_job" ] || wait "$kvm_job" || kvm_failed=$?
[ "$want_kvm" = 0 ] || write_vm "$pid"

made=
for file in spe.perf.data kvm.trace.dat kvm.perf.data kvm.ftrace.txt; do
	if [ -s "$dir/$file" ]; then made="${made:+$made }$file"; else rm -f "$dir/$file"; fi
done
if [ -z "$made" ]; then
	tail -n 5 "$log" >&2
	die "nothing was recorded (recorders ended with $spe_failed and $kvm_failed); their last words are above"
fi
[ "$want_spe" = 0 ] || [ -s "$dir/spe.perf.data" ] || say_log "note: no SPE profile: see capture.log in the tar"
[ "$want_kvm" = 0 ] || [ "$made" != spe.perf.data ] || say_log "note: no KVM trace: see capture.log in the tar"
alive_connection
if [ "$driven" = 1 ]; then
	say_state "sending $(size_kib)"
	printf 'umbra-tar %s\n' "$UMBRA_RUN" >&4
	tar -cf - -C "$work" "$name" >&4 &
	wait $! || die "the tar wasn't taken to its end"
	say_state "sent"
	exit 0
fi
(cd "$work" && tar -cf capture.tar "$name")
mv "$work/capture.tar" "$out"
say "$out: $made"
say "next: umbra import $out --db lab.umbra"
