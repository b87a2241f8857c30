/** Before any test: the words that a page would have fetched. */

import { learn } from "#shared/lib/words.js";
import en from "#shared/words/en.json" with { type: "json" };
import zh from "#shared/words/zh-CN.json" with { type: "json" };

learn("zh-CN", zh);
learn("en", en);
