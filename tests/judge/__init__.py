"""fmctl before a judge: a platform that was written from the published reference alone, and knows no mercy."""
