/** What a description says of its fields: types, arrays, sizes of elements. */
import { describe, expect, test } from 'vitest';
import { fieldTraits, parseEventFormat } from '../../core/formats/event-format/parse-format.ts';
import { format } from './trace-dat-writer.ts';

describe('types of fields (event_read_fields)', () => {
  const traits = (declaration: string, size: number) => {
    const field = parseEventFormat(
      format('e', 1, [`field:${declaration};\toffset:8;\tsize:${size};\tsigned:0;`], '"x"'),
      'test',
    )?.fields.at(-1);
    if (!field) throw new Error('no field');
    const { array, text, dynamic, pointer, long, elementSize } = fieldTraits(field, 8);
    const flags = Object.entries({ array, text, dynamic, pointer, long }).flatMap(([name, is]) => (is ? [name] : []));
    return `${[field.kind, field.name, ...flags].join(' ')} ${elementSize}`;
  };

  test('dynamic arrays: elements by their type, bytes of others', () => {
    const sizes = { char: 1, u8: 1, s8: 1, u16: 2, s16: 2, u32: 4, s32: 4, u64: 8, s64: 8, int: 0, 'unsigned long': 0 };
    for (const [type, size] of Object.entries(sizes)) {
      expect(traits(`__data_loc ${type}[] x`, 4), type).toMatch(new RegExp(`^data-loc x array .*dynamic.* ${size}$`));
      expect(traits(`__rel_loc ${type}[] x`, 4), type).toMatch(new RegExp(`^rel-loc x array .*dynamic.* ${size}$`));
    }
    // Before they had a length they were strings.
    expect(traits('__data_loc u16[] x', 2)).toBe('data-loc x array text dynamic 2');
  });

  test('fixed arrays, pointers, longs and numbers', () => {
    expect(traits('u32 x[4]', 16)).toBe('array x array 4');
    expect(traits('char x[16]', 16)).toBe('string x array text 1');
    expect(traits('u8[6] x', 6)).toBe('string x array text 1');
    expect(traits('unsigned long x[6]', 48)).toBe('array x array long 8');
    expect(traits('unsigned long x[]', 0)).toBe('array x array long 8');
    expect(traits('u16 x[NR]', 8)).toBe('array x array 0');
    expect(traits('const char *x', 8)).toBe('number x pointer 8');
    expect(traits('long x', 8)).toBe('number x long 8');
    expect(traits('int   x', 4)).toBe('number x 4');
  });

  test('a description ends at the first field that can’t be read; blank lines are none', () => {
    const fields = (...lines: string[]) => parseEventFormat(format('e', 1, lines, '"x"'), 'test');
    const good = 'field:int x;\toffset:8;\tsize:4;\tsigned:1;';
    expect(fields(good, '  ', '', good)?.fields).toHaveLength(6);
    const bad = fields(good, 'field:x;\toffset:8;', good);
    expect([bad?.fields.length, bad?.printFormat]).toEqual([5, '']);
    expect(fields(good)?.fields.at(-1)).toMatchObject({
      name: 'x',
      type: 'int',
      offset: 8,
      size: 4,
      signed: true,
      kind: 'number',
      count: 1,
    });
  });
});
