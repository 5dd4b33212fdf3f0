import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { notices } from '../../electron/notices.mjs';

describe('third-party notices', () => {
  const text = notices();

  it.each([...Object.keys(packageJson.dependencies), 'vue', 'pinia', 'zrender'])('hold the licence of %s', (name) => {
    const entry = text.split('\n').findIndex((line) => line.startsWith(`${name} `));
    expect(entry).toBeGreaterThan(0);
    expect(text.split('\n')[entry + 2]).toMatch(/\S/);
  });

  it('hold ECharts’ NOTICE, as Apache-2.0 section 4(d) asks', () => {
    expect(text).toContain('This product includes software developed at\nThe Apache Software Foundation');
  });
});
