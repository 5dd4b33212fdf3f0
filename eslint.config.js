/** Vue files: what eslint-plugin-vue and typescript-eslint say of them. All other files are oxlint's (.oxlintrc.json), rules that ask for types included. */
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/*.ts', '**/*.js', '**/*.mjs'] },
  ...[...tseslint.configs.strict, ...vue.configs['flat/essential']].map((config) => ({
    ...config,
    files: ['**/*.vue'],
  })),
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-extraneous-class': 'off',
      eqeqeq: 'error',
      'no-restricted-globals': ['error', 'name', 'event', 'status'],
      // `App.vue`.
      'vue/multi-word-component-names': ['error', { ignores: ['App'] }],
    },
  },
);
