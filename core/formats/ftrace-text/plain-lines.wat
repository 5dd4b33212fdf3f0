;; Reads lines like those that were read before: same thread, same event, other times and values. See plain-lines.ts for what it fills its
;; tables with, and for what it leaves to others. plain-lines.wasm.ts holds the compiled module, made by `npm run wasm`; a test compares
;; the two. Memory: memory-map.ts; there may be rubbish behind the block's end, but it must be readable.
(module
  (import "umbra" "memory" (memory 1))
  (global $p (mut i32) (i32.const 0))

  ;; Whether n (1 or more) bytes are the same.
  (func $same (param $a i32) (param $b i32) (param $n i32) (result i32)
    (local $differ i32)
    (loop $more
      (local.set $differ
        (i32.xor
          (i8x16.bitmask (i8x16.eq (v128.load (local.get $a)) (v128.load (local.get $b))))
          (i32.const 0xffff)))
      (if (i32.le_u (local.get $n) (i32.const 16))
        (then
          (return
            (i32.eqz
              (i32.and (local.get $differ) (i32.sub (i32.shl (i32.const 1) (local.get $n)) (i32.const 1)))))))
      (if (local.get $differ) (then (return (i32.const 0))))
      (local.set $a (i32.add (local.get $a) (i32.const 16)))
      (local.set $b (i32.add (local.get $b) (i32.const 16)))
      (local.set $n (i32.sub (local.get $n) (i32.const 16)))
      (br $more))
    (unreachable))

  (func $least (param $a i32) (param $b i32) (result i32)
    (select (local.get $a) (local.get $b) (i32.lt_u (local.get $a) (local.get $b))))

  ;; The first place of a byte in [at, end); end if there is none.
  (func $find (param $at i32) (param $end i32) (param $byte i32) (result i32)
    (local $all v128) (local $mask i32)
    (local.set $all (i8x16.splat (local.get $byte)))
    (loop $more
      (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (local.get $end))))
      (local.set $mask (i8x16.bitmask (i8x16.eq (v128.load (local.get $at)) (local.get $all))))
      (if (local.get $mask)
        (then
          (local.set $at (i32.add (local.get $at) (i32.ctz (local.get $mask))))
          (return (call $least (local.get $at) (local.get $end)))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $more))
    (unreachable))

  ;; Whether a number at a place is whole: it has so many digits, or something behind it before the end. Of
  ;; 0 digits: that there is one.
  (func $whole (param $at i32) (param $end i32) (param $digits i32) (result i32)
    (local $from i32) (local $byte i32)
    ;; Most aren't padded.
    (if (i32.eqz (local.get $digits)) (then (return (i32.lt_u (local.get $at) (local.get $end)))))
    ;; 0x
    (if (i32.eq (i32.load16_u (local.get $at)) (i32.const 0x7830))
      (then (local.set $at (i32.add (local.get $at) (i32.const 2)))))
    (local.set $from (local.get $at))
    (block $done
      (loop $more
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (br_if $done
          (i32.and
            (i32.gt_u (i32.sub (local.get $byte) (i32.const 48)) (i32.const 9))
            (i32.gt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 5))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $more)))
    (i32.or
      (i32.lt_u (local.get $at) (local.get $end))
      (i32.ge_s (i32.sub (local.get $at) (local.get $from)) (local.get $digits))))

  ;; Whether [at, end) holds a text, and a whole number behind it: 4 bytes of length, 4 for where it was last, 4 for the number's digits, the
  ;; text from byte 16 on.
  (func $holds (param $at i32) (param $end i32) (param $need i32) (result i32)
    (local $n i32) (local $place i32)
    (local.set $n (i32.load (local.get $need)))
    (local.set $place (i32.add (local.get $at) (i32.load offset=4 (local.get $need))))
    (block $found
      (if (i32.le_u (i32.add (local.get $place) (local.get $n)) (local.get $end))
        (then
          (br_if $found
            (call $same (local.get $place) (i32.add (local.get $need) (i32.const 16)) (local.get $n)))))
      (local.set $place (local.get $at))
      (loop $more
        (local.set $place (call $find (local.get $place) (local.get $end) (i32.load8_u offset=16 (local.get $need))))
        (if (i32.gt_u (i32.add (local.get $place) (local.get $n)) (local.get $end)) (then (return (i32.const 0))))
        (if (i32.eqz (call $same (local.get $place) (i32.add (local.get $need) (i32.const 16)) (local.get $n)))
          (then
            (local.set $place (i32.add (local.get $place) (i32.const 1)))
            (br $more))))
      (i32.store offset=4 (local.get $need) (i32.sub (local.get $place) (local.get $at))))
    (call $whole
      (i32.add (local.get $place) (local.get $n))
      (local.get $end)
      (i32.load offset=8 (local.get $need))))

  ;; The number at $p, which goes behind it; 0 without digits.
  (func $decimal (result i64)
    (local $value i64) (local $digit i32)
    (block $end
      (loop $more
        (local.set $digit (i32.sub (i32.load8_u (global.get $p)) (i32.const 48)))
        (br_if $end (i32.gt_u (local.get $digit) (i32.const 9)))
        (local.set $value
          (i64.add (i64.mul (local.get $value) (i64.const 10)) (i64.extend_i32_u (local.get $digit))))
        (global.set $p (i32.add (global.get $p) (i32.const 1)))
        (br $more)))
    (local.get $value))

  ;; Moves $p past blanks; their number.
  (func $blanks (result i32)
    (local $from i32)
    (local.set $from (global.get $p))
    (block $end
      (loop $more
        (br_if $end (i32.ne (i32.load8_u (global.get $p)) (i32.const 32)))
        (global.set $p (i32.add (global.get $p) (i32.const 1)))
        (br $more)))
    (i32.sub (global.get $p) (local.get $from)))

  (func $slot (param $bits i64) (result i32)
    (i32.wrap_i64 (i64.shr_u (i64.mul (local.get $bits) (i64.const 0x9e3779b97f4a7c15)) (i64.const 56))))

  ;; Where the task that ends at a bracket is in the tables.
  (func $taskSlot (export "taskSlot") (param $bracket i32) (result i32)
    (call $slot (i64.load (i32.sub (local.get $bracket) (i32.const 8)))))

  ;; Where the event is whose name lies in [at, colon).
  (func $eventSlot (export "eventSlot") (param $at i32) (param $colon i32) (result i32)
    (call $slot
      (i64.add
        (i64.load (local.get $at))
        (i64.mul (i64.load32_u (i32.sub (local.get $colon) (i32.const 4))) (i64.const 31)))))

  ;; Takes lines from `at` on, as long as they are like known ones; `room` at most, and only whole ones before `end`. Returns how many. Their
  ;; columns are at TIMES and so on, their texts at TEXTS; where the next line begins at NEXT.
  (func (export "take") (param $at i32) (param $end i32) (param $room i32) (result i32)
    (local $count i32) (local $bracket i32) (local $slot i32) (local $task i32) (local $event i32) (local $cpu i32)
    (local $from i32) (local $n i32) (local $whole i64) (local $part i64) (local $name i32) (local $text i32)
    (local $stop i32) (local $next i32) (local $need i32) (local $to i32)
    (local.set $to (i32.const {TEXTS}))
    (block $done
      (loop $line
        (br_if $done (i32.ge_u (local.get $count) (local.get $room)))
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        ;; The thread, up to the bracket.
        (local.set $bracket
          (call $find (local.get $at) (call $least (local.get $end) (i32.add (local.get $at) (i32.const {KNOWN_BYTES})))
            (i32.const 91)))
        (local.set $n (i32.sub (local.get $bracket) (local.get $at)))
        (local.set $slot (call $taskSlot (local.get $bracket)))
        (local.set $task (i32.add (i32.const {TASKS}) (i32.shl (local.get $slot) (i32.const 4))))
        (br_if $done (i32.or (i32.eqz (local.get $n)) (i32.ne (i32.load (local.get $task)) (local.get $n))))
        (br_if $done
          (i32.eqz
            (call $same
              (local.get $at)
              (i32.add (i32.const {TASK_TEXTS}) (i32.shl (local.get $slot) (i32.const 8)))
              (local.get $n))))
        ;; CPU.
        (local.set $from (i32.add (local.get $bracket) (i32.const 1)))
        (global.set $p (local.get $from))
        (local.set $cpu (call $least (i32.wrap_i64 (call $decimal)) (i32.const 0xffff)))
        (br_if $done
          (i32.gt_u (i32.sub (i32.sub (global.get $p) (local.get $from)) (i32.const 1)) (i32.const 7)))
        (br_if $done (i32.ne (i32.load8_u (global.get $p)) (i32.const 93)))
        (global.set $p (i32.add (global.get $p) (i32.const 1)))
        (br_if $done (i32.eqz (call $blanks)))
        ;; Flags, if any.
        (local.set $n (i32.load8_u (global.get $p)))
        (if (i32.gt_u (i32.sub (local.get $n) (i32.const 48)) (i32.const 9))
          (then
            (br_if $done
              (i32.or (i32.eq (local.get $n) (i32.const 91)) (i32.eq (local.get $n) (i32.const 58))))
            (local.set $from (global.get $p))
            (block $end
              (loop $more
                (br_if $end (i32.le_u (i32.load8_u (global.get $p)) (i32.const 32)))
                (global.set $p (i32.add (global.get $p) (i32.const 1)))
                (br $more)))
            (br_if $done
              (i32.gt_u (i32.sub (i32.sub (global.get $p) (local.get $from)) (i32.const 3)) (i32.const 7)))
            (br_if $done (i32.eqz (call $blanks)))))
        ;; Seconds and fraction.
        (local.set $from (global.get $p))
        (local.set $whole (call $decimal))
        (br_if $done
          (i32.gt_u (i32.sub (i32.sub (global.get $p) (local.get $from)) (i32.const 1)) (i32.const 9)))
        (br_if $done (i32.ne (i32.load8_u (global.get $p)) (i32.const 46)))
        (global.set $p (i32.add (global.get $p) (i32.const 1)))
        (local.set $from (global.get $p))
        (local.set $part (call $decimal))
        (local.set $n (i32.sub (global.get $p) (local.get $from)))
        (br_if $done (i32.gt_u (i32.sub (local.get $n) (i32.const 1)) (i32.const 8)))
        (br_if $done (i32.ne (i32.load16_u (global.get $p)) (i32.const 0x203a)))
        (block $end
          (loop $more
            (br_if $end (i32.eq (local.get $n) (i32.const 9)))
            (local.set $part (i64.mul (local.get $part) (i64.const 10)))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br $more)))
        ;; The event, up to its text.
        (local.set $name (i32.add (global.get $p) (i32.const 2)))
        (br_if $done (i32.gt_u (i32.sub (local.get $name) (local.get $at)) (i32.const {MAX_FRONT})))
        (local.set $slot
          (call $eventSlot
            (local.get $name)
            (call $find
              (local.get $name)
              (call $least (local.get $end) (i32.add (local.get $name) (i32.const {KNOWN_BYTES})))
              (i32.const 58))))
        (local.set $event (i32.add (i32.const {EVENTS}) (i32.shl (local.get $slot) (i32.const 4))))
        (local.set $n (i32.load (local.get $event)))
        (br_if $done (i32.eqz (local.get $n)))
        (br_if $done
          (i32.eqz
            (call $same
              (local.get $name)
              (i32.add (i32.const {EVENT_TEXTS}) (i32.shl (local.get $slot) (i32.const 8)))
              (local.get $n))))
        (local.set $text (i32.add (local.get $name) (local.get $n)))
        ;; More padding, or a plugin's remark, would be no part of the text.
        (local.set $n (i32.load8_u (local.get $text)))
        (br_if $done (i32.le_u (local.get $n) (i32.const 32)))
        (br_if $done (i32.or (i32.eq (local.get $n) (i32.const 60)) (i32.eq (local.get $n) (i32.const 67))))
        (local.set $next (call $find (local.get $text) (local.get $end) (i32.const 10)))
        (br_if $done (i32.eq (local.get $next) (local.get $end)))
        (local.set $stop (local.get $next))
        (block $end
          (loop $more
            (br_if $end (i32.ne (i32.load8_u (i32.sub (local.get $stop) (i32.const 1))) (i32.const 13)))
            (local.set $stop (i32.sub (local.get $stop) (i32.const 1)))
            (br $more)))
        ;; Without these it was cut off.
        (local.set $need (i32.add (i32.const {NEEDS}) (i32.shl (local.get $slot) (i32.const 7))))
        (local.set $n (i32.load offset=8 (local.get $event)))
        (block $end
          (loop $more
            (br_if $end (i32.eqz (local.get $n)))
            (br_if $done (i32.eqz (call $holds (local.get $text) (local.get $stop) (local.get $need))))
            (local.set $need (i32.add (local.get $need) (i32.const 32)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br $more)))
        ;; It is one.
        (i64.store offset={TIMES}
          (i32.shl (local.get $count) (i32.const 3))
          (i64.add (i64.mul (local.get $whole) (i64.const 1000000000)) (local.get $part)))
        (local.set $n (i32.shl (local.get $count) (i32.const 2)))
        (i32.store offset={STARTS} (local.get $n) (i32.sub (local.get $at) (i32.const {BLOCK})))
        (i32.store offset={CPUS} (local.get $n) (local.get $cpu))
        (i32.store offset={COMMS} (local.get $n) (i32.load offset=4 (local.get $task)))
        (i32.store offset={TIDS} (local.get $n) (i32.load offset=8 (local.get $task)))
        (i32.store offset={KINDS} (local.get $n) (i32.load offset=4 (local.get $event)))
        (local.set $from (local.get $text))
        (local.set $n (local.get $to))
        (loop $more
          (v128.store (local.get $n) (v128.load (local.get $from)))
          (local.set $n (i32.add (local.get $n) (i32.const 16)))
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (br_if $more (i32.lt_u (local.get $from) (local.get $stop))))
        (local.set $to (i32.add (local.get $to) (i32.sub (local.get $stop) (local.get $text))))
        (i32.store offset={ENDS}
          (i32.shl (local.get $count) (i32.const 2))
          (i32.sub (local.get $to) (i32.const {TEXTS})))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (local.set $at (i32.add (local.get $next) (i32.const 1)))
        (br $line)))
    (i32.store (i32.const {NEXT}) (local.get $at))
    (local.get $count)))
