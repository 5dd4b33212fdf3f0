;; What columns are taken apart with: words that a column has few of, and byte planes (the lowest bytes of all elements, then all
;; second bytes, and so on) with 128-bit shuffles. See column-codec.ts for what they are good for. planes.wasm.ts holds this module,
;; compiled; `npm run wasm` makes that anew, and a test compares the two.
;;
;; A group is 16 elements; the last one must be there in full. Planes lie one behind the other, `stride` bytes each.
;; Memory: a hash table of 1024 slots of 16 bytes (word, place from 1 on) at 0, 256 words of 8 bytes at 16384; the rest from 18432 on
;; is the caller's.
(module
  (import "umbra" "memory" (memory 1))

  ;; The words that are left of the n (1 or more) elements of `width` bytes without their lowest `skip` bytes: each one's place among
  ;; those different from each other to a byte from dst on, and these to the words at 16384, in order of appearance. Returns how many they
  ;; are, or 0 if more than 256. Reads up to 7 bytes behind the last element.
  (func (export "index") (param $src i32) (param $n i32) (param $width i32) (param $skip i32) (param $dst i32) (result i32)
    (local $end i32) (local $slot i32) (local $place i32) (local $count i32) (local $shift i64) (local $mask i64) (local $word i64)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 16384))
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
              (i64.store offset=16384 (i32.shl (local.get $count) (i32.const 3)) (local.get $word))
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
          (i64.store offset=16384 (i32.shl (local.get $count) (i32.const 3)) (i64.extend_i32_u (local.get $word)))
          (local.set $place (local.tee $count (i32.add (local.get $count) (i32.const 1))))
          (i32.store16 (local.get $slot) (local.get $place))))
      (i32.store8 (local.get $dst) (i32.sub (local.get $place) (i32.const 1)))
      (local.set $src (i32.add (local.get $src) (local.get $width)))
      (br_if $next (i32.lt_u (local.tee $dst (i32.add (local.get $dst) (i32.const 1))) (local.get $end))))
    (local.get $count))

  ;; In place, 32 bytes a group: of each two neighbours one byte, the second `bits` further up.
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

  ;; The way back, from the end on: of each byte two, its lowest `bits` and the next ones.
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

  ;; Elements of 8 bytes from src on to planes from dst on, of 16 bytes a group.
  (func (export "split8") (param $src i32) (param $groups i32) (param $dst i32)
    (local $stride i32)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128) (local $a4 v128) (local $a5 v128) (local $a6 v128) (local $a7 v128) (local $b0 v128) (local $b1 v128) (local $b2 v128) (local $b3 v128) (local $b4 v128) (local $b5 v128) (local $b6 v128) (local $b7 v128)
    (local.set $stride (i32.shl (local.get $groups) (i32.const 4)))
    (loop $next
      (local.set $a0 (v128.load (local.get $src)))
      (local.set $a1 (v128.load offset=16 (local.get $src)))
      (local.set $a2 (v128.load offset=32 (local.get $src)))
      (local.set $a3 (v128.load offset=48 (local.get $src)))
      (local.set $a4 (v128.load offset=64 (local.get $src)))
      (local.set $a5 (v128.load offset=80 (local.get $src)))
      (local.set $a6 (v128.load offset=96 (local.get $src)))
      (local.set $a7 (v128.load offset=112 (local.get $src)))
      ;; In each row the bytes of its two elements side by side, then 2-, 4- and 8-byte units interleaved: a transposition.
      (local.set $a0 (i8x16.shuffle 0 8 1 9 2 10 3 11 4 12 5 13 6 14 7 15 (local.get $a0) (local.get $a0)))
      (local.set $a1 (i8x16.shuffle 0 8 1 9 2 10 3 11 4 12 5 13 6 14 7 15 (local.get $a1) (local.get $a1)))
      (local.set $a2 (i8x16.shuffle 0 8 1 9 2 10 3 11 4 12 5 13 6 14 7 15 (local.get $a2) (local.get $a2)))
      (local.set $a3 (i8x16.shuffle 0 8 1 9 2 10 3 11 4 12 5 13 6 14 7 15 (local.get $a3) (local.get $a3)))
      (local.set $a4 (i8x16.shuffle 0 8 1 9 2 10 3 11 4 12 5 13 6 14 7 15 (local.get $a4) (local.get $a4)))
      (local.set $a5 (i8x16.shuffle 0 8 1 9 2 10 3 11 4 12 5 13 6 14 7 15 (local.get $a5) (local.get $a5)))
      (local.set $a6 (i8x16.shuffle 0 8 1 9 2 10 3 11 4 12 5 13 6 14 7 15 (local.get $a6) (local.get $a6)))
      (local.set $a7 (i8x16.shuffle 0 8 1 9 2 10 3 11 4 12 5 13 6 14 7 15 (local.get $a7) (local.get $a7)))
      (local.set $b0 (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $a0) (local.get $a1)))
      (local.set $b1 (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $a0) (local.get $a1)))
      (local.set $b2 (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $a2) (local.get $a3)))
      (local.set $b3 (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $a2) (local.get $a3)))
      (local.set $b4 (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $a4) (local.get $a5)))
      (local.set $b5 (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $a4) (local.get $a5)))
      (local.set $b6 (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $a6) (local.get $a7)))
      (local.set $b7 (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $a6) (local.get $a7)))
      (local.set $a0 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $b0) (local.get $b2)))
      (local.set $a1 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $b0) (local.get $b2)))
      (local.set $a2 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $b1) (local.get $b3)))
      (local.set $a3 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $b1) (local.get $b3)))
      (local.set $a4 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $b4) (local.get $b6)))
      (local.set $a5 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $b4) (local.get $b6)))
      (local.set $a6 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $b5) (local.get $b7)))
      (local.set $a7 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $b5) (local.get $b7)))
      (v128.store (local.get $dst) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a0) (local.get $a4)))
      (v128.store (i32.add (local.get $dst) (i32.mul (local.get $stride) (i32.const 1))) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a0) (local.get $a4)))
      (v128.store (i32.add (local.get $dst) (i32.mul (local.get $stride) (i32.const 2))) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a1) (local.get $a5)))
      (v128.store (i32.add (local.get $dst) (i32.mul (local.get $stride) (i32.const 3))) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a1) (local.get $a5)))
      (v128.store (i32.add (local.get $dst) (i32.mul (local.get $stride) (i32.const 4))) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a2) (local.get $a6)))
      (v128.store (i32.add (local.get $dst) (i32.mul (local.get $stride) (i32.const 5))) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a2) (local.get $a6)))
      (v128.store (i32.add (local.get $dst) (i32.mul (local.get $stride) (i32.const 6))) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a3) (local.get $a7)))
      (v128.store (i32.add (local.get $dst) (i32.mul (local.get $stride) (i32.const 7))) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a3) (local.get $a7)))
      (local.set $src (i32.add (local.get $src) (i32.const 128)))
      (local.set $dst (i32.add (local.get $dst) (i32.const 16)))
      (br_if $next (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))))

  ;; Elements of 4 bytes from src on to planes from dst on, of 16 bytes a group.
  (func (export "split4") (param $src i32) (param $groups i32) (param $dst i32)
    (local $stride i32)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128) (local $b0 v128) (local $b1 v128) (local $b2 v128) (local $b3 v128)
    (local.set $stride (i32.shl (local.get $groups) (i32.const 4)))
    (loop $next
      (local.set $a0 (v128.load (local.get $src)))
      (local.set $a1 (v128.load offset=16 (local.get $src)))
      (local.set $a2 (v128.load offset=32 (local.get $src)))
      (local.set $a3 (v128.load offset=48 (local.get $src)))
      (local.set $a0 (i8x16.shuffle 0 4 8 12 1 5 9 13 2 6 10 14 3 7 11 15 (local.get $a0) (local.get $a0)))
      (local.set $a1 (i8x16.shuffle 0 4 8 12 1 5 9 13 2 6 10 14 3 7 11 15 (local.get $a1) (local.get $a1)))
      (local.set $a2 (i8x16.shuffle 0 4 8 12 1 5 9 13 2 6 10 14 3 7 11 15 (local.get $a2) (local.get $a2)))
      (local.set $a3 (i8x16.shuffle 0 4 8 12 1 5 9 13 2 6 10 14 3 7 11 15 (local.get $a3) (local.get $a3)))
      (local.set $b0 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a0) (local.get $a1)))
      (local.set $b1 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a0) (local.get $a1)))
      (local.set $b2 (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a2) (local.get $a3)))
      (local.set $b3 (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a2) (local.get $a3)))
      (v128.store (local.get $dst) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $b0) (local.get $b2)))
      (v128.store (i32.add (local.get $dst) (i32.mul (local.get $stride) (i32.const 1))) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $b0) (local.get $b2)))
      (v128.store (i32.add (local.get $dst) (i32.mul (local.get $stride) (i32.const 2))) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $b1) (local.get $b3)))
      (v128.store (i32.add (local.get $dst) (i32.mul (local.get $stride) (i32.const 3))) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $b1) (local.get $b3)))
      (local.set $src (i32.add (local.get $src) (i32.const 64)))
      (local.set $dst (i32.add (local.get $dst) (i32.const 16)))
      (br_if $next (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))))

  ;; Elements of 2 bytes from src on to planes from dst on, of 16 bytes a group.
  (func (export "split2") (param $src i32) (param $groups i32) (param $dst i32)
    (local $stride i32)
    (local $a0 v128) (local $a1 v128)
    (local.set $stride (i32.shl (local.get $groups) (i32.const 4)))
    (loop $next
      (local.set $a0 (v128.load (local.get $src)))
      (local.set $a1 (v128.load offset=16 (local.get $src)))
      (v128.store (local.get $dst) (i8x16.shuffle 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 (local.get $a0) (local.get $a1)))
      (v128.store (i32.add (local.get $dst) (i32.mul (local.get $stride) (i32.const 1))) (i8x16.shuffle 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 (local.get $a0) (local.get $a1)))
      (local.set $src (i32.add (local.get $src) (i32.const 32)))
      (local.set $dst (i32.add (local.get $dst) (i32.const 16)))
      (br_if $next (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))))

  ;; The way back: planes of `stride` bytes from src on to elements of 8 bytes from dst on.
  (func (export "join8") (param $src i32) (param $stride i32) (param $groups i32) (param $dst i32)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128) (local $a4 v128) (local $a5 v128) (local $a6 v128) (local $a7 v128) (local $b0 v128) (local $b1 v128) (local $b2 v128) (local $b3 v128) (local $b4 v128) (local $b5 v128) (local $b6 v128) (local $b7 v128)
    (loop $next
      (local.set $a0 (v128.load (local.get $src)))
      (local.set $a1 (v128.load (i32.add (local.get $src) (i32.mul (local.get $stride) (i32.const 1)))))
      (local.set $a2 (v128.load (i32.add (local.get $src) (i32.mul (local.get $stride) (i32.const 2)))))
      (local.set $a3 (v128.load (i32.add (local.get $src) (i32.mul (local.get $stride) (i32.const 3)))))
      (local.set $a4 (v128.load (i32.add (local.get $src) (i32.mul (local.get $stride) (i32.const 4)))))
      (local.set $a5 (v128.load (i32.add (local.get $src) (i32.mul (local.get $stride) (i32.const 5)))))
      (local.set $a6 (v128.load (i32.add (local.get $src) (i32.mul (local.get $stride) (i32.const 6)))))
      (local.set $a7 (v128.load (i32.add (local.get $src) (i32.mul (local.get $stride) (i32.const 7)))))
      (local.set $b0 (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $a0) (local.get $a1)))
      (local.set $b1 (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $a0) (local.get $a1)))
      (local.set $b2 (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $a2) (local.get $a3)))
      (local.set $b3 (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $a2) (local.get $a3)))
      (local.set $b4 (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $a4) (local.get $a5)))
      (local.set $b5 (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $a4) (local.get $a5)))
      (local.set $b6 (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $a6) (local.get $a7)))
      (local.set $b7 (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $a6) (local.get $a7)))
      (local.set $a0 (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $b0) (local.get $b2)))
      (local.set $a1 (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $b0) (local.get $b2)))
      (local.set $a2 (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $b1) (local.get $b3)))
      (local.set $a3 (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $b1) (local.get $b3)))
      (local.set $a4 (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $b4) (local.get $b6)))
      (local.set $a5 (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $b4) (local.get $b6)))
      (local.set $a6 (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $b5) (local.get $b7)))
      (local.set $a7 (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $b5) (local.get $b7)))
      (v128.store (local.get $dst) (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a0) (local.get $a4)))
      (v128.store offset=16 (local.get $dst) (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a0) (local.get $a4)))
      (v128.store offset=32 (local.get $dst) (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a1) (local.get $a5)))
      (v128.store offset=48 (local.get $dst) (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a1) (local.get $a5)))
      (v128.store offset=64 (local.get $dst) (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a2) (local.get $a6)))
      (v128.store offset=80 (local.get $dst) (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a2) (local.get $a6)))
      (v128.store offset=96 (local.get $dst) (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a3) (local.get $a7)))
      (v128.store offset=112 (local.get $dst) (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a3) (local.get $a7)))
      (local.set $src (i32.add (local.get $src) (i32.const 16)))
      (local.set $dst (i32.add (local.get $dst) (i32.const 128)))
      (br_if $next (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))))

  ;; The way back: planes of `stride` bytes from src on to elements of 4 bytes from dst on.
  (func (export "join4") (param $src i32) (param $stride i32) (param $groups i32) (param $dst i32)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128) (local $b0 v128) (local $b1 v128) (local $b2 v128) (local $b3 v128)
    (loop $next
      (local.set $a0 (v128.load (local.get $src)))
      (local.set $a1 (v128.load (i32.add (local.get $src) (i32.mul (local.get $stride) (i32.const 1)))))
      (local.set $a2 (v128.load (i32.add (local.get $src) (i32.mul (local.get $stride) (i32.const 2)))))
      (local.set $a3 (v128.load (i32.add (local.get $src) (i32.mul (local.get $stride) (i32.const 3)))))
      (local.set $b0 (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $a0) (local.get $a1)))
      (local.set $b1 (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $a0) (local.get $a1)))
      (local.set $b2 (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $a2) (local.get $a3)))
      (local.set $b3 (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $a2) (local.get $a3)))
      (v128.store (local.get $dst) (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $b0) (local.get $b2)))
      (v128.store offset=16 (local.get $dst) (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $b0) (local.get $b2)))
      (v128.store offset=32 (local.get $dst) (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $b1) (local.get $b3)))
      (v128.store offset=48 (local.get $dst) (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $b1) (local.get $b3)))
      (local.set $src (i32.add (local.get $src) (i32.const 16)))
      (local.set $dst (i32.add (local.get $dst) (i32.const 64)))
      (br_if $next (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))))

  ;; The way back: planes of `stride` bytes from src on to elements of 2 bytes from dst on.
  (func (export "join2") (param $src i32) (param $stride i32) (param $groups i32) (param $dst i32)
    (local $a0 v128) (local $a1 v128)
    (loop $next
      (local.set $a0 (v128.load (local.get $src)))
      (local.set $a1 (v128.load (i32.add (local.get $src) (i32.mul (local.get $stride) (i32.const 1)))))
      (v128.store (local.get $dst) (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $a0) (local.get $a1)))
      (v128.store offset=16 (local.get $dst) (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $a0) (local.get $a1)))
      (local.set $src (i32.add (local.get $src) (i32.const 16)))
      (local.set $dst (i32.add (local.get $dst) (i32.const 32)))
      (br_if $next (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))))

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
