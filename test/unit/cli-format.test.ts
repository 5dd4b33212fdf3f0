import { expect, it } from 'vitest';
import { points } from '../../core/cli/format.ts';

it.each([
  [1.5914, '1.591'],
  [-0.0864, '-0.086'],
  [-0.00001, '0.000'],
  [0, '0.000'],
  [-10.00001, '-10.000'],
])('%d percentage points read %s', (x, text) => expect(points(x)).toBe(text));
