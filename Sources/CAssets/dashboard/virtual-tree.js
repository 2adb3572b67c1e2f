// A tree of any size of which only the rows in sight exist.
import { fill, h } from './dom.js'

const SPARE_ROWS = 8

/**
 * `<virtual-tree>`: `load(roots, label)` with nodes `{ key, row, children }`, where `row()` gives the content of a node’s row and
 * `children()` its nodes, now or later, or is missing for a leaf. What is open stays open by key.
 */
export class VirtualTree extends HTMLElement {
  open = new Set()
  loaded = new Map()
  rows = []

  connectedCallback() {
    if (this.canvas) return
    this.canvas = h('div', { class: 'tree-rows', role: 'presentation' })
    this.append(this.canvas)
    this.tabIndex = 0
    this.setAttribute('role', 'tree')
    this.addEventListener('scroll', () => requestAnimationFrame(() => this.draw()), { passive: true })
    this.addEventListener('keydown', (event) => this.key(event))
    this.addEventListener('click', (event) => this.press(event))
    new ResizeObserver(() => this.draw()).observe(this)
  }

  load(roots, label) {
    this.roots = roots
    this.loaded.clear()
    this.ariaLabel = label
    return this.lay()
  }

  /** Lists the nodes in sight of the open ones. */
  async lay() {
    const rows = []
    const turn = (this.turn = {})
    const visit = async (nodes, level) => {
      for (const [index, node] of nodes.entries()) {
        rows.push({ node, level, index, of: nodes.length })
        if (node.children && this.open.has(node.key)) await visit(await this.childrenOf(node), level + 1)
      }
    }
    await visit(this.roots, 1)
    if (turn !== this.turn) return
    this.rows = rows
    if (!rows.some(({ node }) => node.key === this.active)) this.active = rows[0]?.node.key
    this.draw()
  }

  async childrenOf(node) {
    if (!this.loaded.has(node.key)) this.loaded.set(node.key, await node.children())
    return this.loaded.get(node.key)
  }

  get rowHeight() {
    return parseFloat(getComputedStyle(this).getPropertyValue('--row')) * parseFloat(getComputedStyle(document.documentElement).fontSize)
  }

  draw() {
    const height = this.rowHeight
    this.canvas.style.height = `${this.rows.length * height}px`
    const first = Math.max(0, Math.floor(this.scrollTop / height) - SPARE_ROWS)
    const last = Math.min(this.rows.length, Math.ceil((this.scrollTop + this.clientHeight) / height) + SPARE_ROWS)
    fill(this.canvas, this.rows.slice(first, last).map((row, offset) => this.row(row, first + offset, height)))
  }

  row({ node, level, index, of }, position, height) {
    const isOpen = this.open.has(node.key)
    const isActive = node.key === this.active
    const id = `${this.id}-${position}`
    if (isActive) this.setAttribute('aria-activedescendant', id)
    const element = h('div', { id, class: `tree-row${isActive ? ' active' : ''}`, role: 'treeitem', 'aria-level': level, 'aria-posinset': index + 1, 'aria-setsize': of,
      'aria-expanded': node.children ? String(isOpen) : null, 'aria-selected': String(isActive), 'data-key': node.key },
      h('span', { class: 'twist', 'aria-hidden': 'true' }, node.children ? (isOpen ? '▾' : '▸') : '·'), node.row())
    element.style.top = `${position * height}px`
    element.style.setProperty('--level', level - 1)
    return element
  }

  press(event) {
    const element = event.target.closest('.tree-row')
    if (!element) return
    this.active = element.dataset.key
    this.toggle(this.rows.find(({ node }) => node.key === this.active))
  }

  toggle(row) {
    if (!row?.node.children) return this.draw()
    if (!this.open.delete(row.node.key)) this.open.add(row.node.key)
    return this.lay()
  }

  key(event) {
    const at = this.rows.findIndex(({ node }) => node.key === this.active)
    const row = this.rows[at]
    if (!row) return
    const isOpen = this.open.has(row.node.key)
    const page = Math.max(1, Math.floor(this.clientHeight / this.rowHeight) - 1)
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.rows.length - 1, PageDown: at + page, PageUp: at - page }
    if (event.key in moves) this.go(moves[event.key])
    else if (event.key === 'ArrowRight') row.node.children && !isOpen ? this.toggle(row) : this.go(at + 1)
    else if (event.key === 'ArrowLeft') isOpen ? this.toggle(row) : this.go(this.rows.slice(0, at).findLastIndex(({ level }) => level < row.level))
    else if (event.key === 'Enter' || event.key === ' ') this.toggle(row)
    else return
    event.preventDefault()
  }

  go(position) {
    const to = Math.max(0, Math.min(position, this.rows.length - 1))
    this.active = this.rows[to].node.key
    const height = this.rowHeight
    if (to * height < this.scrollTop) this.scrollTop = to * height
    else if ((to + 1) * height > this.scrollTop + this.clientHeight) this.scrollTop = (to + 1) * height - this.clientHeight
    this.draw()
  }
}
customElements.define('virtual-tree', VirtualTree)
