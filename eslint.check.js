/** What `npm run lint` checks beside eslint.config.js: rules that ask the type checker, and eslint-plugin-vue's. Slower, so not as you type. */
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';
import base from './eslint.config.js';

export default tseslint.config(
  ...base,
  ...vue.configs['flat/essential'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    // `App.vue`.
    rules: { 'vue/multi-word-component-names': ['error', { ignores: ['App'] }] },
  },
  {
    files: ['{core,electron,renderer}/**/*.ts'],
    languageOptions: { parserOptions: { project: ['tsconfig.json', 'tsconfig.renderer.json'] } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/require-array-sort-compare': ['error', { ignoreStringArrays: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
);
