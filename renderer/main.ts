/** Starts all that takes a while at once: the connection, the code of the view in the address, and that of the app. */
import { connectAhead } from './connection.ts';
import { loadShownView } from './shell/view-code.ts';
import './styles/tokens.css';
import './styles/base.css';

connectAhead();
loadShownView(location.hash);
void import('./app.ts');
