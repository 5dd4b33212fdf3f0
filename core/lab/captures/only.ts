import { listCaptures } from '../../store/captures.ts';
import type { CaptureKind } from '../../store/captures.ts';
import { readLab } from '../../store/lab-file.ts';
import { RequestError } from '../about.ts';

const names = { spe: 'SPE capture', kvm: 'KVM trace' } as const;

/** Id of a lab's only capture of a kind. @throws RequestError if it has none, or several: their ids; LabFileError */
export function onlyCapture(lab: string, kind: CaptureKind): number {
  const ids = readLab(lab, (db) =>
    listCaptures(db)
      .filter((capture) => capture.kind === kind)
      .map(({ id }) => id),
  );
  if (ids.length === 1) return ids[0];
  if (!ids.length) throw new RequestError(`${lab}: has no ${names[kind]}: \`umbra import\` one`);
  const some = ids.length > 8 ? `${ids.slice(0, 8).join(', ')}, …` : ids.join(', ');
  throw new RequestError(`${lab}: has ${ids.length} ${names[kind]}s: --${kind} says which (${some})`);
}
