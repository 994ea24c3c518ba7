// The answer goes on to the program by itself; without this file a button does it.
"use strict";

document.querySelector("form[data-carry-back]")?.submit();
