/** What a policy kept and lost, for other tools: collapsed stacks, pprof. No call chains in SPE: a stack is thread, binary, place. */
import { gzipSync } from 'node:zlib';
import { KEPT, OUTSIDE } from '../../model/outcome.ts';
import { ProtoMessage } from '../../formats/protobuf.ts';
import type { Db } from '../../store/lab-file.ts';
import { sampleKeys } from '../symbols/keys.ts';
import { version } from '../version.ts';
import type { OutputFile } from '../output-file.ts';
import { replayAgain } from '../runs/replay-again.ts';
import type { ResultChoice } from '../runs/replay-again.ts';
import { skewKeysOf } from '../runs/skew.ts';

/** Samples of one thread, binary and place. */
interface Stack {
  readonly thread: string;
  readonly binary: string;
  /** A function if symbols are known, else binary and offset. */
  readonly place: string;
  kept: number;
  lost: number;
}

export interface PolicyProfile {
  readonly policy: string;
  readonly command: string;
  /** ns from the first to the last sample. */
  readonly span: number;
  readonly stacks: readonly Stack[];
}

/** The stored result is replayed again, which gives the same fates. */
export function policyProfile(db: Db, choice: ResultChoice): PolicyProfile {
  const { inputs, outcome, result } = replayAgain(db, choice);
  const { spe, reference, lanes } = inputs;
  const finest = skewKeysOf(db, spe.id).includes('symbol') ? 'symbol' : 'pc';
  const [threads, binaries, places] = (['thread', 'binary', finest] as const).map((kind) =>
    sampleKeys(db, spe, reference.stored, kind),
  );
  const stacks = new Map<number, Stack>();
  lanes.forEach((_, lane) => {
    const fates = outcome.fates[lane];
    for (let i = 0; i < fates.length; i++) {
      if (fates[i] === OUTSIDE) continue;
      const thread = threads.lanes[lane][i];
      const place = places.lanes[lane][i];
      // A place is in one binary, so thread and place identify a stack. Both below 2^26: exact.
      const id = thread * 2 ** 26 + place;
      let stack = stacks.get(id);
      if (!stack) {
        const binary = binaries.names[binaries.lanes[lane][i]];
        stack = { thread: threads.names[thread], binary, place: places.names[place], kept: 0, lost: 0 };
        stacks.set(id, stack);
      }
      if (fates[i] === KEPT) stack.kept++;
      else stack.lost++;
    }
  });
  return {
    policy: result.policy.id,
    command: `umbra export --run ${choice.run} --policy ${result.policy.id}`,
    span: reference.span,
    stacks: [...stacks.values()],
  };
}

/** Brendan Gregg's collapsed form, `kept;tid 812;kvbench;lookup 42`: the fate comes first, so a flame graph shows both side by side. */
export function writeCollapsed({ stacks }: PolicyProfile, file: OutputFile): void {
  const frame = (name: string): string => name.replace(/[;\r\n]/g, ':');
  for (const { thread, binary, place, kept, lost } of stacks) {
    const tail = [thread, binary, place].map(frame).join(';');
    if (kept) file.text(`kept;${tail} ${kept}\n`);
    if (lost) file.text(`lost;${tail} ${lost}\n`);
  }
}

/** Field numbers of github.com/google/pprof/proto/profile.proto. */
const Profile = {
  ...{ sampleType: 1, sample: 2, mapping: 3, location: 4, function: 5, strings: 6 },
  ...{ durationNs: 10, comment: 13, defaultSampleType: 14 },
} as const;

/** Two sample types, `kept` and `lost`, gzipped as pprof expects. */
export function writePprof({ policy, command, span, stacks }: PolicyProfile, file: OutputFile): void {
  const strings = new Numbered(['']);
  const binaries = new Numbered();
  const places = new Numbered();
  const valueType = (type: string): ProtoMessage =>
    new ProtoMessage().uint(1, strings.of(type)).uint(2, strings.of('count'));
  const profile = new ProtoMessage()
    .message(Profile.sampleType, valueType('kept'))
    .message(Profile.sampleType, valueType('lost'));
  const locations: ProtoMessage[] = [];
  for (const { thread, binary, place, kept, lost } of stacks) {
    const mapping = 1 + binaries.of(binary);
    const known = places.list.length;
    const location = 1 + places.of(`${binary}\0${place}`);
    if (places.list.length > known) {
      const line = new ProtoMessage().uint(1, location);
      locations.push(new ProtoMessage().uint(1, location).uint(2, mapping).message(4, line));
    }
    const label = new ProtoMessage().uint(1, strings.of('thread')).uint(2, strings.of(thread));
    profile.message(Profile.sample, new ProtoMessage().packed(1, [location]).packed(2, [kept, lost]).message(3, label));
  }
  binaries.list.forEach((name, i) => {
    const hasFunctions = 7;
    profile.message(
      Profile.mapping,
      new ProtoMessage()
        .uint(1, i + 1)
        .uint(5, strings.of(name))
        .uint(hasFunctions, 1),
    );
  });
  for (const location of locations) profile.message(Profile.location, location);
  places.list.forEach((name, i) => {
    const [binary, place] = name.split('\0');
    profile.message(
      Profile.function,
      new ProtoMessage()
        .uint(1, i + 1)
        .uint(2, strings.of(place))
        .uint(4, strings.of(binary)),
    );
  });
  const comment = strings.of(`Umbra ${version}, policy ${policy}: ${command}`);
  profile.int(Profile.durationNs, Math.round(span)).packed(Profile.comment, [comment]);
  profile.uint(Profile.defaultSampleType, strings.of('kept'));
  for (const text of strings.list) profile.text(Profile.strings, text);
  file.bytes(gzipSync(profile.finish()));
}

/** Numbers texts in order of appearance. */
class Numbered {
  readonly list: string[];
  readonly #byText = new Map<string, number>();

  constructor(first: readonly string[] = []) {
    this.list = [...first];
    first.forEach((text, i) => this.#byText.set(text, i));
  }

  of(text: string): number {
    let at = this.#byText.get(text);
    if (at === undefined) {
      at = this.list.push(text) - 1;
      this.#byText.set(text, at);
    }
    return at;
  }
}
