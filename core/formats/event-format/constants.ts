/** Constants and arithmetic of print formats, in unsigned 64 bits as libtraceevent has it. */
import { become, Unreadable, type Arg } from './arg.ts';
import { integer } from './integers.ts';

const U64 = 64;

/** `left op right` in unsigned 64-bit arithmetic; undefined for an operator that has no value. */
export function calculate(op: string, left: bigint, right: bigint): bigint | undefined {
  const truth = (b: boolean): bigint => (b ? 1n : 0n);
  switch (op) {
    case '>>':
      return left >> (right & 63n);
    case '<<':
      return BigInt.asUintN(U64, left << (right & 63n));
    case '>':
      return truth(left > right);
    case '>=':
      return truth(left >= right);
    case '<':
      return truth(left < right);
    case '<=':
      return truth(left <= right);
    case '==':
      return truth(left === right);
    case '!=':
      return truth(left !== right);
    case '&':
      return left & right;
    case '&&':
      return truth(left !== 0n && right !== 0n);
    case '|':
      return left | right;
    case '||':
      return truth(left !== 0n || right !== 0n);
    case '^':
      return left ^ right;
    case '+':
      return BigInt.asUintN(U64, left + right);
    case '-':
      return BigInt.asUintN(U64, left - right);
    case '*':
      return BigInt.asUintN(U64, left * right);
    case '/':
      return right === 0n ? 0n : left / right;
    case '%':
      return right === 0n ? 0n : left % right;
    default:
      return undefined;
  }
}

/** Operations on two constants are done once (consolidate_op_arg). */
export function fold(arg: Arg): void {
  if (arg.kind !== 'op') return;
  if (arg.left) fold(arg.left);
  if (arg.right) fold(arg.right);
  if (arg.left?.kind !== 'atom' || arg.right?.kind !== 'atom') return;
  const value = calculate(arg.text, integer(arg.left.text), integer(arg.right.text));
  if (value !== undefined) become(arg, { kind: 'atom', text: String(BigInt.asIntN(U64, value)), rank: 0 });
}

/** The text of a constant in a list of names: an atom as written, an operation as its signed value. */
export function constant(arg: Arg): string {
  if (arg.kind === 'atom') return arg.text;
  if (arg.kind === 'cast' && arg.left) return constant(arg.left);
  return String(constantValue(arg));
}

function constantValue(arg: Arg | undefined): bigint {
  if (arg?.kind === 'atom') return BigInt.asIntN(U64, integer(arg.text));
  if (arg?.kind === 'cast') return constantValue(arg.left);
  if (arg?.kind !== 'op') throw new Unreadable('not a constant');
  if (arg.text === '~') return ~constantValue(arg.right);
  const signed = '| || & && < << <= > >> >= == != - +'.split(' ');
  if (!signed.includes(arg.text)) throw new Unreadable(`operator ${arg.text} in a constant`);
  const alone = arg.left?.kind === 'null' && (arg.text === '-' || arg.text === '+');
  const left = alone ? 0n : constantValue(arg.left);
  const right = constantValue(arg.right);
  if (arg.text === '>>') return left >> (right & 63n);
  if (/^[<>]=?$/.test(arg.text)) return calculate(arg.text, left, right) ?? 0n;
  const value = calculate(arg.text, BigInt.asUintN(U64, left), BigInt.asUintN(U64, right)) ?? 0n;
  return BigInt.asIntN(U64, value);
}
