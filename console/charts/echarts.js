// The parts of Apache ECharts that static/charts.js draws with; static/vendor/README.md has the rest.
import { BarChart, LineChart, SankeyChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent, AxisPointerComponent, GridComponent, MarkLineComponent, TitleComponent,
  TooltipComponent,
} from "echarts/components";
import { getInstanceByDom, init, use, version } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([
  BarChart, LineChart, SankeyChart, ScatterChart,
  AriaComponent, AxisPointerComponent, GridComponent, MarkLineComponent, TitleComponent,
  TooltipComponent, CanvasRenderer,
]);

export { getInstanceByDom, init, version };
