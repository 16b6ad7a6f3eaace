// Draws each `.chart` from the JSON beside it. Numbers come from the report; nothing is computed.
"use strict";

(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const number = (value) => value.toLocaleString("en-US");

  const common = () => ({
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    aria: { enabled: true },
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: css("--ink") },
    tooltip: {
      renderMode: "richText", // HTML tooltips carry inline styles, which the CSP forbids
      backgroundColor: css("--card"),
      borderColor: css("--line"),
      textStyle: { color: css("--ink") },
    },
  });

  const axis = () => ({
    axisLine: { lineStyle: { color: css("--line") } },
    axisTick: { show: false },
    axisLabel: { color: css("--muted") },
    splitLine: { lineStyle: { color: css("--line") } },
  });

  const reach = (data, narrow) => {
    const pair = (values) => data.days.map((day, i) => [day, values[i]]);
    const x = (gridIndex, labels) => ({
      ...axis(), type: "time", gridIndex, minInterval: 86400000, splitLine: { show: false },
      axisLabel: { show: labels, color: css("--muted"), hideOverlap: true, formatter: "{MM}-{dd}" },
      axisPointer: { label: { show: false } },
    });
    const y = (gridIndex) => ({
      ...axis(), type: "value", gridIndex, minInterval: 1, splitNumber: gridIndex ? 2 : 4,
      axisLabel: { color: css("--muted"), formatter: number },
    });
    const side = { left: narrow ? 46 : 60, right: narrow ? 8 : 16 };
    const bar = (name, values, color) => ({
      name, type: "bar", xAxisIndex: 1, yAxisIndex: 1, data: pair(values), barMaxWidth: 22,
      barMinHeight: 0, itemStyle: { color, borderRadius: [2, 2, 0, 0] },
    });
    const { cumulative, conversions } = data.labels;
    return {
      ...common(),
      legend: { top: 0, left: 0, itemHeight: 10, itemWidth: 14, textStyle: { color: css("--muted") } },
      axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: css("--muted") } },
      tooltip: {
        ...common().tooltip, trigger: "axis",
        formatter: (items) => [
          items[0].value[0],
          ...items.map((item) => `${item.seriesName}  ${number(item.value[1])}`),
        ].join("\n"),
      },
      grid: [{ ...side, top: 40, height: "46%" }, { ...side, bottom: 28, height: "25%" }],
      xAxis: [x(0, false), x(1, true)],
      yAxis: [y(0), y(1)],
      series: [
        {
          name: cumulative, type: "line", step: "end", data: pair(data.cumulative),
          symbol: "circle", symbolSize: 5, showSymbol: data.days.length < 40,
          lineStyle: { color: css("--ink"), width: 2 }, itemStyle: { color: css("--ink") },
          areaStyle: { color: css("--accent"), opacity: 0.1 },
        },
        bar(data.labels.new, data.new, css("--accent")),
        ...(data.conversions.some((n) => n) ? [bar(conversions, data.conversions, css("--second"))] : []),
      ],
    };
  };

  const forest = (data, narrow) => {
    const names = data.rows.map((row) => row.name);
    const color = (row) => (row.clear ? css("--accent") : css("--muted"));
    const interval = (row, i) => ({
      type: "line", data: [[row.low, i], [row.high, i]], silent: true, symbol: "rect",
      symbolSize: [2, 14], lineStyle: { color: color(row), width: 3, cap: "butt" },
      itemStyle: { color: color(row) }, tooltip: { show: false },
    });
    const point = (row, i) => ({
      value: [row.difference, i], itemStyle: { color: color(row) },
      label: { formatter: row.text },
    });
    return {
      ...common(),
      grid: { left: 8, right: narrow ? 16 : 40, top: 12, bottom: 44, containLabel: true },
      tooltip: { ...common().tooltip, formatter: (item) => `${names[item.value[1]]}\n${data.rows[item.value[1]].text}` },
      xAxis: {
        ...axis(), type: "value", name: data.unit, nameLocation: "middle", nameGap: 28,
        nameTextStyle: { color: css("--muted") },
        axisLabel: { color: css("--muted"), hideOverlap: true },
      },
      yAxis: {
        ...axis(), type: "category", data: names, inverse: true, splitLine: { show: false },
        axisLabel: {
          color: css("--ink"), fontSize: 13,
          ...(narrow ? { width: 96, overflow: "break", interval: 0 } : { interval: 0 }),
        },
      },
      series: [
        ...data.rows.map(interval),
        {
          type: "scatter", symbolSize: 13, data: data.rows.map(point),
          label: { show: true, position: "top", distance: 7, color: css("--ink"), fontSize: 12 },
          markLine: {
            silent: true, symbol: "none", label: { show: false }, animation: false,
            lineStyle: { color: css("--ink"), type: "solid", width: 1 }, data: [{ xAxis: 0 }],
          },
        },
      ],
    };
  };

  const kinds = { reach, forest };

  const draw = (box) => {
    const data = JSON.parse(document.getElementById(box.dataset.from).textContent);
    const chart = echarts.getInstanceByDom(box) || echarts.init(box);
    chart.setOption(kinds[data.kind](data, box.clientWidth < 520), true);
    box.dataset.drawn = "yes";
    return chart;
  };

  document.addEventListener("DOMContentLoaded", () => {
    const boxes = [...document.querySelectorAll(".chart[data-from]")];
    boxes.forEach(draw);
    addEventListener("resize", () => boxes.forEach((box) => draw(box).resize()));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => boxes.forEach(draw));
  });
})();
