// The editors' preview: loads the page anew when the knowledge was read anew; the browser itself goes back to where the editor
// was. A tab that nobody looks at does not listen: a browser opens six connections to one host, and editors open many tabs.
"use strict";

const lost = document.getElementById("lost");
let stream = null;

function listen() {
  let broken = false;
  stream = new EventSource("/changes?since=" + document.body.dataset.number);
  stream.onmessage = () => location.reload();
  stream.onopen = () => { if (broken) location.reload(); }; // another server counts its readings anew
  stream.onerror = () => {
    broken = true;
    lost.textContent = "The preview has stopped: start it again, and this page follows.";
  };
}

function attend() {
  stream?.close();
  stream = null;
  if (!document.hidden) listen();
}

document.addEventListener("visibilitychange", attend);
attend();
