import { render } from 'preact'
import { start } from './actions'
import { App } from './app'
import { busy, unsaved } from './state'
import './style/colors.css'
import './style/map.css'
import './style/page.css'
import './style/controls.css'
import './style/panels.css'
import './style/model.css'
import './style/rows.css'
import './style/selection.css'
import './style/tables.css'
import './style/charts.css'
import './style/training.css'

render(<App />, document.getElementById('app')!)
void start()

window.addEventListener('beforeunload', event => {
  if (unsaved.value || busy.value) event.preventDefault()
})
