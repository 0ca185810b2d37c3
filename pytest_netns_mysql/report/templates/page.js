"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const names = ["system", "light", "dark"];
  const stored = () => { try { return localStorage.getItem("netns-theme"); } catch { return null; } };
  const show = (name) => {
    if (name === "system") { delete root.dataset.theme; } else { root.dataset.theme = name; }
    button.querySelector("span").textContent = name;
  };
  let name = names.includes(stored()) ? stored() : "system";
  show(name);
  button.hidden = false;
  button.addEventListener("click", () => {
    name = names[(names.indexOf(name) + 1) % names.length];
    show(name);
    try { localStorage.setItem("netns-theme", name); } catch { /* a page of a file may have no storage */ }
  });
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }));
})();
