"""The parts of the screens: header and footer, lists, boards, charts, the heatmap, and the lines to write in."""
