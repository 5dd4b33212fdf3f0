;; What columns are split with: words that a column has few of, and byte planes (the lowest bytes of all elements, then all
;; second bytes, and so on) with 128-bit shuffles. See column-codec.ts for their use. planes.wasm.ts holds the compiled module, made by
;; `npm run wasm`; a test compares the two.
;;
;; A group is 16 elements; the last one must be there in full. Planes lie one after another, `stride` bytes each. Memory: memory-map.ts;
;; `npm run wasm` fills in what is in braces here, from there and from transposes.mjs.
(module
  (import "umbra" "memory" (memory 1))

  ;; The words that are left of the n (1 or more) elements of `width` bytes without their lowest `skip` bytes: each one's place among
  ;; those different from each other to a byte from dst on, and these to WORDS, in order of appearance. Returns their number, or 0 if more
  ;; than 256. Reads up to 7 bytes past the last element.
  (func (export "index") (param $src i32) (param $n i32) (param $width i32) (param $skip i32) (param $dst i32) (result i32)
    (local $end i32) (local $slot i32) (local $place i32) (local $count i32) (local $shift i64) (local $mask i64) (local $word i64)
    (memory.fill (i32.const {HASH}) (i32.const 0) (i32.const 16384))
    (local.set $end (i32.add (local.get $dst) (local.get $n)))
    (local.set $shift (i64.extend_i32_u (i32.shl (local.get $skip) (i32.const 3))))
    (local.set $mask
      (i64.shr_u
        (i64.const -1)
        (i64.extend_i32_u (i32.sub (i32.const 64) (i32.shl (i32.sub (local.get $width) (local.get $skip)) (i32.const 3))))))
    (loop $next
      (local.set $word (i64.and (i64.shr_u (i64.load (local.get $src)) (local.get $shift)) (local.get $mask)))
      ;; The top bits of a product with 2^64 / golden ratio.
      (local.set $slot
        (i32.shl
          (i32.wrap_i64 (i64.shr_u (i64.mul (local.get $word) (i64.const 0x9e3779b97f4a7c15)) (i64.const 54)))
          (i32.const 4)))
      (block $found
        (loop $probe
          (local.set $place (i32.load offset=8 (local.get $slot)))
          (if (i32.eqz (local.get $place))
            (then
              (if (i32.eq (local.get $count) (i32.const 256)) (then (return (i32.const 0))))
              (i64.store offset={WORDS} (i32.shl (local.get $count) (i32.const 3)) (local.get $word))
              (local.set $place (local.tee $count (i32.add (local.get $count) (i32.const 1))))
              (i64.store (local.get $slot) (local.get $word))
              (i32.store offset=8 (local.get $slot) (local.get $place))
              (br $found)))
          (br_if $found (i64.eq (i64.load (local.get $slot)) (local.get $word)))
          (local.set $slot (i32.and (i32.add (local.get $slot) (i32.const 16)) (i32.const 16383)))
          (br $probe)))
      (i32.store8 (local.get $dst) (i32.sub (local.get $place) (i32.const 1)))
      (local.set $src (i32.add (local.get $src) (local.get $width)))
      (br_if $next (i32.lt_u (local.tee $dst (i32.add (local.get $dst) (i32.const 1))) (local.get $end))))
    (local.get $count))

  ;; The same for elements of 1 or 2 bytes, by a table of 2 bytes for each value they can have.
  (func (export "indexNarrow") (param $src i32) (param $n i32) (param $width i32) (param $table i32) (param $dst i32) (result i32)
    (local $end i32) (local $word i32) (local $mask i32) (local $slot i32) (local $place i32) (local $count i32)
    (local.set $mask (i32.sub (i32.shl (i32.const 1) (i32.shl (local.get $width) (i32.const 3))) (i32.const 1)))
    (memory.fill (local.get $table) (i32.const 0) (i32.add (i32.shl (local.get $mask) (i32.const 1)) (i32.const 2)))
    (local.set $end (i32.add (local.get $dst) (local.get $n)))
    (loop $next
      (local.set $word (i32.and (i32.load16_u (local.get $src)) (local.get $mask)))
      (local.set $slot (i32.add (local.get $table) (i32.shl (local.get $word) (i32.const 1))))
      (if (i32.eqz (local.tee $place (i32.load16_u (local.get $slot))))
        (then
          (if (i32.eq (local.get $count) (i32.const 256)) (then (return (i32.const 0))))
          (i64.store offset={WORDS} (i32.shl (local.get $count) (i32.const 3)) (i64.extend_i32_u (local.get $word)))
          (local.set $place (local.tee $count (i32.add (local.get $count) (i32.const 1))))
          (i32.store16 (local.get $slot) (local.get $place))))
      (i32.store8 (local.get $dst) (i32.sub (local.get $place) (i32.const 1)))
      (local.set $src (i32.add (local.get $src) (local.get $width)))
      (br_if $next (i32.lt_u (local.tee $dst (i32.add (local.get $dst) (i32.const 1))) (local.get $end))))
    (local.get $count))

  ;; In place, 32 bytes a group: packs each two neighbours into one byte, the second `bits` further up.
  (func (export "narrow") (param $at i32) (param $groups i32) (param $bits i32)
    (local $dst i32) (local $a v128) (local $b v128)
    (local.set $dst (local.get $at))
    (loop $next
      (local.set $a (v128.load (local.get $at)))
      (local.set $b (v128.load offset=16 (local.get $at)))
      (v128.store (local.get $dst)
        (v128.or
          (i8x16.shuffle 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 (local.get $a) (local.get $b))
          (i8x16.shl
            (i8x16.shuffle 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 (local.get $a) (local.get $b))
            (local.get $bits))))
      (local.set $at (i32.add (local.get $at) (i32.const 32)))
      (local.set $dst (i32.add (local.get $dst) (i32.const 16)))
      (br_if $next (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))))

  ;; The way back, from the end on: unpacks each byte into two, its lowest `bits` and the next ones.
  (func (export "widen") (param $at i32) (param $groups i32) (param $bits i32)
    (local $src i32) (local $dst i32) (local $mask v128) (local $a v128) (local $b v128)
    (local.set $mask (i8x16.splat (i32.sub (i32.shl (i32.const 1) (local.get $bits)) (i32.const 1))))
    (local.set $src (i32.add (local.get $at) (i32.shl (local.get $groups) (i32.const 4))))
    (local.set $dst (i32.add (local.get $at) (i32.shl (local.get $groups) (i32.const 5))))
    (loop $next
      (local.set $src (i32.sub (local.get $src) (i32.const 16)))
      (local.set $dst (i32.sub (local.get $dst) (i32.const 32)))
      (local.set $b (v128.load (local.get $src)))
      (local.set $a (v128.and (local.get $b) (local.get $mask)))
      (local.set $b (v128.and (i8x16.shr_u (local.get $b) (local.get $bits)) (local.get $mask)))
      (v128.store (local.get $dst) (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $a) (local.get $b)))
      (v128.store offset=16 (local.get $dst)
        (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $a) (local.get $b)))
      (br_if $next (i32.gt_u (local.get $src) (local.get $at)))))

  ;; For each of the places from src on, 16 a group, that byte of the 16 at `table`; 0 where there is none.
  (func (export "look") (param $src i32) (param $groups i32) (param $table i32) (param $dst i32)
    (local $bytes v128)
    (local.set $bytes (v128.load (local.get $table)))
    (loop $next
      (v128.store (local.get $dst) (i8x16.swizzle (local.get $bytes) (v128.load (local.get $src))))
      (local.set $src (i32.add (local.get $src) (i32.const 16)))
      (local.set $dst (i32.add (local.get $dst) (i32.const 16)))
      (br_if $next (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))))

  ;; split8, split4, split2: elements of so many bytes to planes; join8, join4, join2: the way back.
  {TRANSPOSES}

  ;; In place: each of the n elements of 8 bytes becomes its difference to the one before, and back.
  (func (export "differences8") (param $at i32) (param $n i32)
    (local $last i64) (local $value i64)
    (loop $next
      (local.set $value (i64.load (local.get $at)))
      (i64.store (local.get $at) (i64.sub (local.get $value) (local.get $last)))
      (local.set $last (local.get $value))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "sums8") (param $at i32) (param $n i32)
    (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $at))))
      (i64.store (local.get $at) (local.get $sum))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; In place: each of the n elements of 4 bytes becomes its difference to the one before, and back.
  (func (export "differences4") (param $at i32) (param $n i32)
    (local $last i32) (local $value i32)
    (loop $next
      (local.set $value (i32.load (local.get $at)))
      (i32.store (local.get $at) (i32.sub (local.get $value) (local.get $last)))
      (local.set $last (local.get $value))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "sums4") (param $at i32) (param $n i32)
    (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
      (i32.store (local.get $at) (local.get $sum))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; In place: each of the n elements of 2 bytes becomes its difference to the one before, and back.
  (func (export "differences2") (param $at i32) (param $n i32)
    (local $last i32) (local $value i32)
    (loop $next
      (local.set $value (i32.load16_u (local.get $at)))
      (i32.store16 (local.get $at) (i32.sub (local.get $value) (local.get $last)))
      (local.set $last (local.get $value))
      (local.set $at (i32.add (local.get $at) (i32.const 2)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "sums2") (param $at i32) (param $n i32)
    (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load16_u (local.get $at))))
      (i32.store16 (local.get $at) (local.get $sum))
      (local.set $at (i32.add (local.get $at) (i32.const 2)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; In place: each of the n elements of 1 byte becomes its difference to the one before, and back.
  (func (export "differences1") (param $at i32) (param $n i32)
    (local $last i32) (local $value i32)
    (loop $next
      (local.set $value (i32.load8_u (local.get $at)))
      (i32.store8 (local.get $at) (i32.sub (local.get $value) (local.get $last)))
      (local.set $last (local.get $value))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "sums1") (param $at i32) (param $n i32)
    (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
      (i32.store8 (local.get $at) (local.get $sum))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
)
