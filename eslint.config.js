import tseslint from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';
import { importRules } from './imports.js';

export default tseslint.config(
  { ignores: ['node_modules', 'out', 'dist', 'test/fixtures'] },
  ...tseslint.configs.strict,
  { files: ['**/*.vue'], languageOptions: { parser: vueParser, parserOptions: { parser: tseslint.parser } } },
  {
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-extraneous-class': 'off',
      eqeqeq: 'error',
      'no-restricted-globals': ['error', 'name', 'event', 'status'],
    },
  },
  ...importRules,
);
