import {
  type FieldValue,
  fieldOf,
  fieldText,
  type Recipe,
  type RecipeVariant,
  recipeChanges,
  recipes,
} from '../../src/index'
import { chooseRecipe, recipe } from '../config-state'
import { counted } from '../parts/format'

const variants: readonly { readonly name: RecipeVariant; readonly label: string; readonly hint: string }[] = [
  { name: 'scaled', label: 'Made fit', hint: 'For a small model, an adapter and one GPU.' },
  { name: 'published', label: 'As published', hint: 'With all weights, as the model it is known for.' },
]

/** How a known model was trained, to begin with. */
export function RecipeChooser({ disabled }: { readonly disabled: boolean }) {
  const chosen = recipe.value
  const now = chosen && recipes[chosen.name]!
  return (
    <fieldset class="recipe">
      <div class="field">
        <label for="recipe">Recipe</label>
        <select
          id="recipe"
          disabled={disabled}
          value={chosen?.name ?? ''}
          aria-describedby="recipe-hint"
          onChange={event => {
            const name = event.currentTarget.value
            chooseRecipe(name === '' ? null : { name, variant: chosen?.variant ?? 'scaled' })
          }}
        >
          <option value="">none: tabtune’s own options</option>
          {Object.entries(recipes).map(([name, { title }]) => (
            <option key={name} value={name}>
              {name}: {title}
            </option>
          ))}
        </select>
        <p class="hint" id="recipe-hint">
          {now
            ? `${now.used}.`
            : 'How a known model was trained, to begin with; every option can be changed.'}
        </p>
      </div>
      {chosen && now && (
        <>
          <div class="choices variants" role="radiogroup" aria-label="Variant of the recipe">
            {variants.map(({ name, label, hint }) => (
              <label key={name} class="choice">
                <input
                  type="radio"
                  name="variant"
                  disabled={disabled}
                  checked={chosen.variant === name}
                  onChange={() => chooseRecipe({ ...chosen, variant: name })}
                />
                <span>
                  <b>{label}</b>
                  <span class="hint">{hint}</span>
                </span>
              </label>
            ))}
          </div>
          <About recipe={now} variant={chosen.variant} />
        </>
      )}
    </fieldset>
  )
}

function About({ recipe, variant }: { readonly recipe: Recipe; readonly variant: RecipeVariant }) {
  const { sources, before, differs } = recipe
  const changes = recipeChanges(recipe)
  return (
    <div class="recipe-about">
      <p class="sources">
        <span class="muted">Published in</span>
        {sources.map(({ title, url }) => (
          <a key={url} href={url} target="_blank" rel="noreferrer">
            {title}
          </a>
        ))}
      </p>
      {before && <p class="hint">{before}</p>}
      {variant === 'scaled' && (
        <details>
          <summary>What was changed to make it fit: {counted(changes.length, 'option')}</summary>
          <div class="scroll">
            <table class="changes">
              <thead>
                <tr>
                  <th scope="col">Option</th>
                  <th scope="col">Published</th>
                  <th scope="col">Made fit</th>
                  <th scope="col">Why</th>
                </tr>
              </thead>
              <tbody>
                {changes.map(({ key, published, scaled, why }) => (
                  <tr key={key}>
                    <th scope="row">{fieldOf(key).label}</th>
                    <td>{told(key, published)}</td>
                    <td>{told(key, scaled)}</td>
                    <td class="hint">{why}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
      {differs.length > 0 && (
        <details>
          <summary>Where tabtune does otherwise than the published code</summary>
          <ul class="plain-list">
            {differs.map(text => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}

function told(key: string, value: FieldValue | undefined): string {
  if (value === undefined) return '–'
  return value === null ? (fieldOf(key).none ?? 'none') : fieldText(value)
}
