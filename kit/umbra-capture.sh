#!/bin/sh
# Records what Umbra replays: an SPE profile, KVM's and the memory management's events, the memslots and facts of the machine,
# into one tar for `umbra import`. For arm64 hosts and guests. Needs a POSIX shell, busybox's tools, and perf or trace-cmd.
# README.md beside this file tells more. Licence: GPL-2.0-only.
set -eu

usage() {
	cat <<'END'
usage: umbra-capture.sh check
       umbra-capture.sh record [options] [-- COMMAND...]

check says what this machine has for it and what is missing (exit 1 if nothing can be recorded).
record records until COMMAND ends, or for the time given.

  -o FILE.tar   result (umbra-HOST-DATE.tar)
  -t SECONDS    at most so long (10)
  -s MIB        at most so much of each recording (512)
  -p            trace KVM's page-table calls, too: makes the stage 2 timeline exact, costs time at each fault
  -c PERIOD     SPE: operations between samples (the kernel's smallest)
  -P PID        the VMM (found by its KVM file otherwise, if there is only one)
  -l FILE       memslots: a log of `strace -f -e trace=ioctl -o FILE` of the VMM's start
  -m SOCKET     memslots: QEMU's monitor (-monitor unix:SOCKET,server,nowait); needs socat, or an nc with -U
  -m HOST:PORT  the same (-monitor tcp:127.0.0.1:PORT,server,nowait); busybox's nc will do
  -M FILE       memslots: the monitor's `info cpus`, `info mtree -f`, and `gpa2hva` of each RAM range (or `info ramblock`)
  -S            no SPE: KVM events only (a host whose guests are profiled elsewhere)
  -K            no KVM events: SPE only (inside a guest)
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

check() {
	usable=1
	note() { printf '%-10s %s\n' "$1" "$2"; }
	note machine "$(uname -m), Linux $(uname -r)"
	[ "$(id -u)" = 0 ] || note root "MISSING: run as root; tracefs and system-wide profiling need it"
	if [ -n "$(spe_pmus)" ]; then
		note SPE "$(spe_pmus | tr '\n' ' ')"
		if have perf; then usable=0; else note SPE "MISSING: perf, to record it"; fi
	else
		note SPE "MISSING: no arm_spe PMU. CONFIG_ARM_SPE_PMU? kpti=off on the command line? firmware that lets EL1 use it? In a guest: a VMM and a KVM that give it SPE?"
	fi
	if [ -e "$DEV/kvm" ]; then note KVM "$DEV/kvm"; else note KVM "MISSING: no $DEV/kvm (no host, or no KVM: started at EL2?)"; fi
	if has_kvm_events; then
		note tracefs "$TRACEFS, clock $(trace_clock)"
		usable=0
	elif [ -d "$TRACEFS/events" ]; then
		note tracefs "MISSING: no kvm events in $TRACEFS (CONFIG_KVM, CONFIG_FTRACE)"
	else
		note tracefs "MISSING: mount -t tracefs nodev /sys/kernel/tracing"
	fi
	if have trace-cmd; then
		note recorder "trace-cmd"
	elif have perf; then
		note recorder "perf (no trace-cmd)"
	else
		note recorder "trace_pipe (neither trace-cmd nor perf): busy machines lose events"
	fi
	if [ -w "$TRACEFS/kprobe_events" ]; then note kprobes "yes (-p)"; else note kprobes "MISSING: -p and the memslot probe need CONFIG_KPROBE_EVENTS"; fi
	return "$usable"
}

# ---- options

out=
seconds=10
mib=512
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
check) check && exit 0 || exit 1 ;;
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

while getopts o:t:s:pc:P:l:m:M:SK option; do
	case $option in
	o) out=$OPTARG ;;
	t) number -t "$OPTARG" && seconds=$OPTARG ;;
	s) number -s "$OPTARG" && mib=$OPTARG ;;
	p) table_calls=1 ;;
	c) number -c "$OPTARG" && period=$OPTARG ;;
	P) number -P "$OPTARG" && vmm=$OPTARG ;;
	l) strace_log=$OPTARG ;;
	m) monitor=$OPTARG ;;
	M) monitor_text=$OPTARG ;;
	S) want_spe=0 ;;
	K) want_kvm=0 ;;
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

name=$(basename "$out" .tar)
work=$out.parts
rm -rf "$work"
mkdir -p "$work/$name" || die "$work: can't be made"
dir=$work/$name
log=$dir/capture.log
probes=
kvm_job=
spe_job=
# The trace must not end before the profile does: it is ended after it, and by itself only if nobody does.
kvm_seconds=$((seconds + 30))

say_log() {
	say "$*"
	printf '%s\n' "$*" >>"$log"
}

remove_probes() {
	[ -n "$probes" ] || return 0
	for probe in $probes; do
		echo 0 >"$TRACEFS/events/umbra/$probe/enable" || :
		echo "-:umbra/$probe" >>"$TRACEFS/kprobe_events" || :
	done 2>/dev/null
	probes=
}

alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# NAME JOB: until the recorder runs what it was given, and so is recording; a busy machine may take its time.
wait_for() {
	tries=0
	while [ ! -s "$work/$1.pid" ] && [ "$tries" -lt 10 ] && alive "$2"; do
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
	end_of spe "$spe_job"
	end_of kvm "$kvm_job"
	wait 2>/dev/null || :
	remove_probes
	rm -rf "$work"
	exit "$status"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# NAME 'DEFINITION': one that this kernel doesn't have is left out.
add_probe() {
	if printf '%s\n' "$2" >>"$TRACEFS/kprobe_events" 2>>"$log"; then
		probes="$probes $1"
	else
		say_log "note: no probe $1: this kernel's function is another one"
	fi
}

# Arguments by register (AAPCS64): x0 on. Names and fields are those that Umbra knows.
add_probes() {
	[ -w "$TRACEFS/kprobe_events" ] || return 0
	slot='slot=+0(%x1):u32 flags=+4(%x1):u32 gpa=+8(%x1):x64 size=+16(%x1):x64 hva=+24(%x1):x64'
	add_probe memslot "p:umbra/memslot __kvm_set_memory_region $slot"
	[ -n "$probes" ] || add_probe memslot "p:umbra/memslot kvm_set_memory_region $slot"
	[ "$table_calls" = 1 ] || return 0
	f=kvm_pgtable_stage2
	add_probe s2_map "p:umbra/s2_map ${f}_map pgt=%x0:x64 ipa=%x1:x64 size=%x2:x64 pa=%x3:x64 prot=%x4:x64"
	add_probe s2_map_ret "r:umbra/s2_map_ret ${f}_map ret=\$retval:s32"
	add_probe s2_unmap "p:umbra/s2_unmap ${f}_unmap pgt=%x0:x64 ipa=%x1:x64 size=%x2:x64"
	add_probe s2_wrprotect "p:umbra/s2_wrprotect ${f}_wrprotect pgt=%x0:x64 ipa=%x1:x64 size=%x2:x64"
	add_probe s2_relax "p:umbra/s2_relax ${f}_relax_perms pgt=%x0:x64 ipa=%x1:x64 prot=%x2:x64"
	add_probe s2_relax_ret "r:umbra/s2_relax_ret ${f}_relax_perms ret=\$retval:s32"
	add_probe s2_mkyoung "p:umbra/s2_mkyoung ${f}_mkyoung pgt=%x0:x64 ipa=%x1:x64"
	add_probe s2_mkold "p:umbra/s2_mkold ${f}_mkold pgt=%x0:x64 ipa=%x1:x64"
	add_probe s2_destroy "p:umbra/s2_destroy ${f}_destroy pgt=%x0:x64"
}

# SYSTEM:EVENT, one a line: KVM, the calls that change host mappings, and the host's memory management. Only what is there.
events() {
	echo kvm
	[ -z "$probes" ] || echo umbra
	for call in munmap mmap mremap madvise mprotect ioctl; do
		echo "syscalls:sys_enter_$call"
		[ "$call" = ioctl ] || echo "syscalls:sys_exit_$call"
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
	trace-cmd record -C "$clock" -b 8192 -m $((mib * 1024 / cpus + 1)) "$@" -o "$dir/kvm.trace.dat" \
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
	clock_before=$(sed 's/.*\[\(.*\)\].*/\1/' "$TRACEFS/trace_clock")
	size_before=$(sed 's/[^0-9].*//' "$TRACEFS/buffer_size_kb")
	echo "$clock" >"$TRACEFS/trace_clock"
	echo 8192 >"$TRACEFS/buffer_size_kb"
	for event in $list; do
		path=$(printf '%s' "$event" | tr : /)
		echo 1 >"$TRACEFS/events/$path/enable"
	done
	head -c $((mib * 1048576)) <"$TRACEFS/trace_pipe" >"$dir/kvm.ftrace.txt" &
	pipe=$!
	# A shell tells that its command was ended, which is how this one is meant to end.
	{ sh -c "$waiter" "$work/kvm.pid" sleep "$kvm_seconds" || :; } 2>/dev/null
	for event in $list; do
		path=$(printf '%s' "$event" | tr : /)
		echo 0 >"$TRACEFS/events/$path/enable"
	done
	sleep 1
	kill "$pipe" 2>/dev/null || :
	echo "$clock_before" >"$TRACEFS/trace_clock"
	echo "${size_before:-1408}" >"$TRACEFS/buffer_size_kb"
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
	perf record -a ${period:+-c "$period"} $selected $max_size -o "$dir/spe.perf.data" -- \
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
	[ -s "$work/slots" ] || say_log "note: no memslots known: unmaps by host address can't be told to guest pages (-l, -m or -M)"
	{
		printf '{"pageSize": %s, "vms": [{' "$(getconf PAGESIZE 2>/dev/null || echo 4096)"
		[ -z "$1" ] || printf '"pid": %s, ' "$1"
		printf '"slots": ['
		comma=
		while read -r slot gpa size hva readonly; do
			printf '%s\n  {"slot": %s, "gpa": "%s", "size": "%s", "hva": "%s", "readonly": %s}' "$comma" "$slot" "$gpa" "$size" "$hva" "$readonly"
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
		getconf PAGESIZE
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
	} >"$dir/facts.txt" 2>/dev/null || :
}

# ---- the run

: >"$log"
size_mib() { du -sk "$dir" | awk '{ print int($1 / 1024) }'; }

write_facts
pid=$(vmm_pid)
[ "$want_kvm" = 0 ] || add_probes
kvm_failed=0
spe_failed=0
if [ "$want_kvm" = 1 ]; then
	record_kvm &
	kvm_job=$!
	# The trace must hold what the profile's first samples meet.
	wait_for kvm "$kvm_job"
	sleep 1
fi
if [ "$want_spe" = 1 ]; then
	record_spe "$@" &
	spe_job=$!
elif [ $# -gt 0 ]; then
	sh -c "$waiter" "$work/spe.pid" "$@" &
	spe_job=$!
fi
recording=
[ "$want_spe" = 0 ] || recording=SPE
[ "$want_kvm" = 0 ] || recording="${recording:+$recording and }KVM events"
say_log "recording $recording for at most $seconds s"

passed=0
while alive "${spe_job:-$kvm_job}"; do
	[ "$passed" -lt "$seconds" ] || break
	if [ "$(size_mib)" -ge $((2 * mib)) ]; then
		say_log "note: stopped after $passed s: the recordings reached their size"
		break
	fi
	sleep 1
	passed=$((passed + 1))
done
end_of spe "$spe_job"
[ -z "$spe_job" ] || wait "$spe_job" || spe_failed=$?
end_of kvm "$kvm_job"
[ -z "$kvm_job" ] || wait "$kvm_job" || kvm_failed=$?
remove_probes
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
(cd "$work" && tar -cf capture.tar "$name")
mv "$work/capture.tar" "$out"
say "$out: $made"
say "next: umbra import $out --db lab.umbra"
