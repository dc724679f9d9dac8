// Comfort only: without it the page says the same.
(function () {
  'use strict';

  // Tables sort by the column whose head is pressed.
  document.querySelectorAll('table.sortable').forEach(function (table) {
    var body = table.tBodies[0];
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
      var button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      head.textContent = '';
      head.appendChild(button);
      button.addEventListener('click', function () {
        var up = head.getAttribute('aria-sort') !== 'ascending';
        Array.prototype.forEach.call(table.tHead.rows[0].cells, function (other) { other.removeAttribute('aria-sort'); });
        head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
        Array.prototype.slice.call(body.rows).sort(function (a, b) {
          return (up ? 1 : -1) * compare(a.cells[column], b.cells[column]);
        }).forEach(function (row) { body.appendChild(row); });
      });
    });
  });

  function compare(a, b) {
    if (head(a) !== null && head(b) !== null) { return head(a) - head(b); }
    return a.textContent.localeCompare(b.textContent);
  }
  function head(cell) {
    if (!cell.classList.contains('n')) { return null; }
    return cell.dataset.v === undefined ? Infinity : Number(cell.dataset.v);
  }

  // Titles become tips that appear at once, and stay the accessible names.
  var tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  document.body.appendChild(tip);
  document.querySelectorAll('svg title').forEach(function (title) {
    var mark = title.parentNode;
    if (title.id) { mark.setAttribute('aria-label', title.textContent); mark.removeAttribute('aria-labelledby'); } else { mark.dataset.tip = title.textContent; }
    title.remove();
  });
  document.querySelectorAll('td[title], i[title]').forEach(function (cell) {
    cell.dataset.tip = cell.title;
    cell.removeAttribute('title');
  });
  function place(event) {
    var mark = event.target.closest && event.target.closest('[data-tip]');
    tip.hidden = !mark;
    if (!mark) { return; }
    tip.textContent = mark.dataset.tip;
    var x = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
    var y = event.clientY + 18;
    if (y + tip.offsetHeight > window.innerHeight) { y = event.clientY - tip.offsetHeight - 12; }
    tip.style.left = Math.max(8, x) + 'px';
    tip.style.top = y + 'px';
  }
  document.addEventListener('pointermove', place);
  document.addEventListener('pointerdown', place);
  window.addEventListener('beforeprint', function () {
    document.querySelectorAll('details').forEach(function (details) { details.open = true; });
  });
}());
