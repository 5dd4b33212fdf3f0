;; The hot loops of the SPE decoder (decode.ts, layouts.ts, fields.ts), which say what each is for. records.wasm.ts holds this module,
;; compiled; `npm run wasm` regenerates that, and a test compares the two.
;;
;; Memory: memory-map.ts; names in braces are filled in from there.
(module
  (import "umbra" "memory" (memory 1))

  ;; Marks records of a known layout from pos on, as rows from n on: where each starts, to `starts`, its layout, to `layouts`, and, except
  ;; for the last one, how far it is to the next, to `sizes`. Stops at any other record, at one that starts past `whole`, or at row
  ;; `capacity`. root: see Layouts. Returns the row reached.
  (func (export "mark")
    (param $pos i32) (param $whole i32) (param $n i32) (param $capacity i32) (param $root i32)
    (param $starts i32) (param $layouts i32) (param $sizes i32) (result i32)
    (local $last i32) (local $entry i32) (local $length i32) (local $usual i32) (local $at i32) (local $mask i32) (local $end i32) (local $differs v128)
    (block $stop
      (loop $record
        (br_if $stop (i32.gt_s (local.get $pos) (local.get $whole)))
        (if (i32.eqz (i32.load8_u (local.get $pos)))
          (then
            ;; Padding comes in runs.
            (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
            (loop $padding
              (br_if $record (i32.gt_s (local.get $pos) (local.get $whole)))
              (br_if $record (i32.load (local.get $pos)))
              (local.set $pos (i32.add (local.get $pos) (i32.const 4)))
              (br $padding))))
        (local.set $entry (local.get $root))
        (loop $walk
          (if (i32.ge_s (local.get $entry) (i32.const 0))
            (then
              (local.set $entry
                (i32.load offset={TREE}
                  (i32.shl
                    (i32.or
                      (i32.and (local.get $entry) (i32.const -256))
                      (i32.load8_u (i32.add (local.get $pos) (i32.and (local.get $entry) (i32.const 255)))))
                    (i32.const 2))))
              (br $walk))))
        ;; The layout, from here on.
        (br_if $stop (i32.eqz (local.tee $entry (i32.xor (local.get $entry) (i32.const -1)))))
        (local.set $length (i32.load16_u offset={LENGTHS} (i32.shl (local.get $entry) (i32.const 1))))
        (local.set $at (local.get $pos))
        (local.set $end (i32.add (local.get $pos) (local.get $length)))
        (local.set $mask (i32.shl (local.get $entry) (i32.const 8)))
        (local.set $differs (v128.const i64x2 0 0))
        (loop $compare
          (local.set $differs
            (v128.or
              (local.get $differs)
              (v128.xor
                (v128.and (v128.load (local.get $at)) (v128.load offset={MASKS} (local.get $mask)))
                (v128.load offset={VALUES} (local.get $mask)))))
          (local.set $mask (i32.add (local.get $mask) (i32.const 16)))
          (br_if $compare (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
        (br_if $stop (v128.any_true (local.get $differs)))
        (br_if $stop (i32.ge_u (local.get $n) (local.get $capacity)))
        (if (local.get $last)
          (then
            (i32.store
              (i32.add (local.get $sizes) (i32.shl (i32.sub (local.get $n) (i32.const 1)) (i32.const 2)))
              (i32.sub (local.get $pos) (local.get $last)))))
        (local.set $last (local.get $pos))
        (i32.store (i32.add (local.get $starts) (i32.shl (local.get $n) (i32.const 2))) (local.get $pos))
        (i32.store8 (i32.add (local.get $layouts) (local.get $n)) (local.get $entry))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        ;; Most records are as long as the one before: a guess that lets the processor start on the next one early.
        (if (i32.eq (local.get $length) (local.get $usual))
          (then (local.set $pos (i32.add (local.get $pos) (local.get $usual))))
          (else
            (local.set $usual (local.get $length))
            (local.set $pos (local.get $end))))
        (br $record)))
    (i32.store (i32.const {STOPPED}) (local.get $pos))
    (local.get $n))

  ;; Fields. Rows are numbers of 4 bytes from `rows` up to `end`; the payload of row i lies at starts[i] + offset. `gather` takes its
  ;; lowest `bits`.
  (func $payload (param $row i32) (param $starts i32) (param $offset i32) (result i32)
    (i32.add (i32.load (i32.add (local.get $starts) (i32.shl (local.get $row) (i32.const 2)))) (local.get $offset)))

  (func (export "gather64")
    (param $rows i32) (param $end i32) (param $starts i32) (param $offset i32) (param $bits i32) (param $to i32)
    (local $row i32) (local $mask i64)
    (local.set $mask (i64.shr_u (i64.const -1) (i64.extend_i32_u (i32.sub (i32.const 64) (local.get $bits)))))
    (loop $next
      (local.set $row (i32.load (local.get $rows)))
      (i64.store (i32.add (local.get $to) (i32.shl (local.get $row) (i32.const 3)))
        (i64.and (i64.load (call $payload (local.get $row) (local.get $starts) (local.get $offset))) (local.get $mask)))
      (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end)))))

  (func (export "gather32")
    (param $rows i32) (param $end i32) (param $starts i32) (param $offset i32) (param $bits i32) (param $to i32)
    (local $row i32) (local $mask i32)
    (local.set $mask (i32.shr_u (i32.const -1) (i32.sub (i32.const 32) (local.get $bits))))
    (loop $next
      (local.set $row (i32.load (local.get $rows)))
      (i32.store (i32.add (local.get $to) (i32.shl (local.get $row) (i32.const 2)))
        (i32.and (i32.load (call $payload (local.get $row) (local.get $starts) (local.get $offset))) (local.get $mask)))
      (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end)))))

  (func (export "gather16")
    (param $rows i32) (param $end i32) (param $starts i32) (param $offset i32) (param $bits i32) (param $to i32)
    (local $row i32) (local $mask i32)
    (local.set $mask (i32.shr_u (i32.const -1) (i32.sub (i32.const 32) (local.get $bits))))
    (loop $next
      (local.set $row (i32.load (local.get $rows)))
      (i32.store16 (i32.add (local.get $to) (i32.shl (local.get $row) (i32.const 1)))
        (i32.and (i32.load16_u (call $payload (local.get $row) (local.get $starts) (local.get $offset))) (local.get $mask)))
      (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end)))))

  ;; Exception levels: bits 62:61.
  (func (export "levels") (param $rows i32) (param $end i32) (param $starts i32) (param $offset i32) (param $to i32)
    (local $row i32)
    (loop $next
      (local.set $row (i32.load (local.get $rows)))
      (i32.store8 (i32.add (local.get $to) (local.get $row))
        (i32.and
          (i32.shr_u
            (i32.load8_u offset=7 (call $payload (local.get $row) (local.get $starts) (local.get $offset)))
            (i32.const 5))
          (i32.const 3)))
      (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end)))))

  ;; The class in bits 1:0 of the header, just before the payload, goes to bits 9:8.
  (func (export "operations") (param $rows i32) (param $end i32) (param $starts i32) (param $offset i32) (param $to i32)
    (local $row i32) (local $both i32)
    (loop $next
      (local.set $row (i32.load (local.get $rows)))
      (local.set $both
        (i32.load16_u (i32.sub (call $payload (local.get $row) (local.get $starts) (local.get $offset)) (i32.const 1))))
      (i32.store16 (i32.add (local.get $to) (i32.shl (local.get $row) (i32.const 1)))
        (i32.or
          (i32.shl (i32.and (local.get $both) (i32.const 3)) (i32.const 8))
          (i32.shr_u (local.get $both) (i32.const 8))))
      (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end)))))


  ;; Puts NSE and !NS of byte 7 of an address, as NSE | !NS << 1, to bits shift + 1:shift of the row's states.
  (func $state (param $at i32) (param $top i32) (param $shift i32)
    (i32.store8 (local.get $at)
      (i32.or
        (i32.and (i32.load8_u (local.get $at)) (i32.xor (i32.shl (i32.const 3) (local.get $shift)) (i32.const -1)))
        (i32.shl
          (i32.or
            (i32.and (i32.shr_u (local.get $top) (i32.const 4)) (i32.const 1))
            (i32.xor (i32.and (i32.shr_u (local.get $top) (i32.const 6)) (i32.const 2)) (i32.const 2)))
          (local.get $shift)))))

  ;; Byte 7 holds NS (bit 63), EL (62:61) and NSE (60); it becomes ones where NS is set and EL is 1 or 2, zeros else.
  (func (export "instructions")
    (param $rows i32) (param $end i32) (param $starts i32) (param $offset i32) (param $to i32) (param $states i32) (param $shift i32)
    (local $row i32) (local $value i64)
    (loop $next
      (local.set $row (i32.load (local.get $rows)))
      (local.set $value (i64.load (call $payload (local.get $row) (local.get $starts) (local.get $offset))))
      (call $state
        (i32.add (local.get $states) (local.get $row))
        (i32.wrap_i64 (i64.shr_u (local.get $value) (i64.const 56)))
        (local.get $shift))
      (i64.store (i32.add (local.get $to) (i32.shl (local.get $row) (i32.const 3)))
        (i64.or
          (i64.and (local.get $value) (i64.const 0x00ffffffffffffff))
          (i64.shl
            (i64.sub
              (i64.const 0)
              (i64.and
                (i64.shr_u (local.get $value) (i64.const 63))
                (i64.xor (i64.shr_u (local.get $value) (i64.const 62)) (i64.shr_u (local.get $value) (i64.const 61)))))
            (i64.const 56))))
      (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end)))))

  ;; Byte 7 holds NS, CH, NSE and PAT; it becomes zeros.
  (func (export "physical")
    (param $rows i32) (param $end i32) (param $starts i32) (param $offset i32) (param $to i32) (param $states i32) (param $shift i32)
    (local $row i32) (local $value i64)
    (loop $next
      (local.set $row (i32.load (local.get $rows)))
      (local.set $value (i64.load (call $payload (local.get $row) (local.get $starts) (local.get $offset))))
      (call $state
        (i32.add (local.get $states) (local.get $row))
        (i32.wrap_i64 (i64.shr_u (local.get $value) (i64.const 56)))
        (local.get $shift))
      (i64.store (i32.add (local.get $to) (i32.shl (local.get $row) (i32.const 3)))
        (i64.and (local.get $value) (i64.const 0x00ffffffffffffff)))
      (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end)))))

  ;; Byte 7 becomes ones where bits 55:52 are all ones, zeros else.
  (func (export "virtual") (param $rows i32) (param $end i32) (param $starts i32) (param $offset i32) (param $to i32)
    (local $row i32) (local $value i64)
    (loop $next
      (local.set $row (i32.load (local.get $rows)))
      (local.set $value (i64.load (call $payload (local.get $row) (local.get $starts) (local.get $offset))))
      (i64.store (i32.add (local.get $to) (i32.shl (local.get $row) (i32.const 3)))
        (i64.or
          (i64.and (local.get $value) (i64.const 0x00ffffffffffffff))
          (i64.shl
            (i64.sub
              (i64.const 0)
              (i64.extend_i32_u
                (i64.eq (i64.and (local.get $value) (i64.const 0x00f0000000000000)) (i64.const 0x00f0000000000000))))
            (i64.const 56))))
      (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end)))))

  ;; ns of counter values, in 64-bit arithmetic that wraps as the kernel's does: see ticksToNs. The clock: cycles, mask, shift, mult,
  ;; zero, 8 bytes each.
  (func (export "convert") (param $rows i32) (param $end i32) (param $ticks i32) (param $to i32)
    (local $at i32) (local $value i64) (local $cycles i64) (local $mask i64) (local $shift i64) (local $mult i64) (local $zero i64)
    (local $rest i64)
    (local.set $cycles (i64.load (i32.const {CLOCK})))
    (local.set $mask (i64.load (i32.const {CLOCK+8})))
    (local.set $shift (i64.load (i32.const {CLOCK+16})))
    (local.set $mult (i64.load (i32.const {CLOCK+24})))
    (local.set $zero (i64.load (i32.const {CLOCK+32})))
    (local.set $rest (i64.sub (i64.shl (i64.const 1) (local.get $shift)) (i64.const 1)))
    (loop $next
      (local.set $at (i32.shl (i32.load (local.get $rows)) (i32.const 3)))
      (local.set $value
        (i64.add
          (local.get $cycles)
          (i64.and
            (i64.sub (i64.load (i32.add (local.get $ticks) (local.get $at))) (local.get $cycles))
            (local.get $mask))))
      (i64.store (i32.add (local.get $to) (local.get $at))
        (i64.add
          (i64.add (local.get $zero) (i64.mul (i64.shr_u (local.get $value) (local.get $shift)) (local.get $mult)))
          (i64.shr_u (i64.mul (i64.and (local.get $value) (local.get $rest)) (local.get $mult)) (local.get $shift))))
      (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end)))))

  ;; The same 2 bytes for all rows.
  (func (export "fill16") (param $rows i32) (param $end i32) (param $value i32) (param $to i32)
    (loop $next
      (i32.store16 (i32.add (local.get $to) (i32.shl (i32.load (local.get $rows)) (i32.const 1))) (local.get $value))
      (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end))))))
