import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { applyDisplay } from './state/theme.ts';

applyDisplay();
createApp(App).use(createPinia()).mount('#app');
