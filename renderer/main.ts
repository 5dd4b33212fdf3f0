import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { applyDisplay } from './state/theme.ts';
import './styles/tokens.css';
import './styles/base.css';

applyDisplay();
createApp(App).use(createPinia()).mount('#app');
