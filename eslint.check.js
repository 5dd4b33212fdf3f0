/** What `npm run lint` checks beside eslint.config.js: eslint-plugin-vue's rules. Rules that ask for types are in .oxlintrc.json. */
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';
import base from './eslint.config.js';

export default tseslint.config(
  ...base,
  // Elsewhere nothing may import Vue.
  ...vue.configs['flat/essential'].map((config) => ({ files: ['renderer/**', '**/*.vue'], ...config })),
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    // `App.vue`.
    rules: { 'vue/multi-word-component-names': ['error', { ignores: ['App'] }] },
  },
);
