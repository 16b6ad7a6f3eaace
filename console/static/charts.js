// Draws each `.chart` from the JSON beside it. Numbers come from the report; nothing is computed.
"use strict";

(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const number = (value) => value.toLocaleString("en-US");

  const common = () => ({
    animation: false, // a shaded area that grows would show what no day had
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

  // One panel under another over the same days: people so far, new people, conversions if any.
  const reach = (data, narrow, height) => {
    const pair = (values) => data.days.map((day, i) => [day, values[i]]);
    const panels = ["cumulative", "new", "conversions"].filter(
      (key) => key !== "conversions" || data.conversions.some((n) => n),
    );
    const side = { left: narrow ? 46 : 60, right: narrow ? 10 : 16 };
    const head = 38; // room for a panel's title
    const unit = (height - 28 - panels.length * head) / (panels.length + 1); // the first is double
    const places = panels.map((_, i) => ({
      top: i * head + (i ? i + 1 : 0) * unit + head - 4, height: unit * (i ? 1 : 2) - 8,
    }));
    const color = { cumulative: css("--ink"), new: css("--accent"), conversions: css("--second") };
    const series = (key, i) => ({
      name: data.labels[key], xAxisIndex: i, yAxisIndex: i, data: pair(data[key]),
      itemStyle: { color: color[key] },
      ...(key === "cumulative"
        ? {
            type: "line", step: "end", symbol: "circle", symbolSize: 7,
            showSymbol: data.days.length === 1, // a line of one day would not be seen
            lineStyle: { color: color[key], width: 2 },
            areaStyle: { color: css("--accent"), opacity: 0.1 },
          }
        : { type: "bar", barMaxWidth: 18, barMinWidth: 2 }),
    });
    return {
      ...common(),
      title: panels.map((key, i) => ({
        text: data.labels[key], left: 0, top: places[i].top - 26, padding: 0,
        textStyle: { color: css("--muted"), fontSize: 12, fontWeight: 500 },
      })),
      axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: css("--muted") } },
      tooltip: {
        ...common().tooltip, trigger: "axis",
        formatter: (items) => [
          items[0].value[0],
          ...items.map((item) => `${item.seriesName}  ${number(item.value[1])}`),
        ].join("\n"),
      },
      grid: places.map((place) => ({ ...side, ...place })),
      xAxis: panels.map((_, i) => ({
        ...axis(), type: "time", gridIndex: i, minInterval: 86400000, splitLine: { show: false },
        axisLabel: {
          show: i === panels.length - 1, color: css("--muted"), hideOverlap: true,
          formatter: "{yyyy}-{MM}-{dd}",
        },
        axisPointer: { label: { show: false } },
      })),
      yAxis: panels.map((_, i) => ({
        ...axis(), type: "value", gridIndex: i, minInterval: 1, splitNumber: i ? 2 : 4,
        axisLabel: { color: css("--muted"), formatter: number, hideOverlap: true },
      })),
      series: panels.map(series),
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
    });
    const words = (row, i) => ({ value: [row.high, i], label: { formatter: row.text } });
    return {
      ...common(),
      grid: { left: 8, right: narrow ? 16 : 150, top: 8, bottom: 30, containLabel: true },
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
          type: "scatter", symbolSize: 12, data: data.rows.map(point),
          markLine: {
            silent: true, symbol: "none", label: { show: false }, animation: false,
            lineStyle: { color: css("--ink"), type: "solid", width: 1 }, data: [{ xAxis: 0 }],
          },
        },
        ...(narrow ? [] : [{
          type: "scatter", symbolSize: 0.1, silent: true, data: data.rows.map(words),
          label: { show: true, position: "right", distance: 10, color: css("--ink"), fontSize: 12 },
          tooltip: { show: false },
        }]),
      ],
    };
  };

  // From the budget on the left to where the coins are now, each place with its coins.
  const sankey = (data) => {
    const links = data.links.map(({ source, target, value }) => ({
      source: String(source), target: String(target), value, // a place's name is its number
    }));
    const coins = (place) => {
      const sum = (side) => links.reduce((n, link) => n + (link[side] === place ? link.value : 0), 0);
      return Math.max(sum("source"), sum("target"));
    };
    const color = (place) => css(
      data.kept[place] ? "--muted"
        : links.some((link) => link.source === place) ? "--accent" : "--second",
    );
    return {
      ...common(),
      tooltip: {
        ...common().tooltip, trigger: "item",
        formatter: ({ dataType, data: it }) => (dataType === "edge"
          ? `${data.names[it.source]} → ${data.names[it.target]}  ${number(it.value)}`
          : `${data.names[it.name]}  ${number(coins(it.name))}`),
      },
      series: [{
        type: "sankey", left: 4, right: 150, top: 8, bottom: 8,
        nodeAlign: "left", nodeWidth: 10, nodeGap: 26, draggable: false,
        emphasis: { focus: "adjacency" },
        data: data.names.map((_, at) => String(at)).map((name) => ({
          name, itemStyle: { color: color(name), borderWidth: 0 },
        })),
        links,
        lineStyle: { color: css("--accent"), opacity: 0.18, curveness: 0.5 },
        label: {
          color: css("--ink"), fontSize: 12, lineHeight: 14, width: 140, overflow: "break",
          textBorderColor: css("--card"), textBorderWidth: 2,
          formatter: ({ name }) => `${data.labels[name]}\n${number(coins(name))}`,
        },
      }],
    };
  };

  // One panel of bars beside another, or under it, over the same names.
  const panels = (data, narrow) => {
    const most = Math.max(...data.panels.flatMap((panel) => panel.values), 0);
    const left = narrow ? 26 : 16; // percent: room for the names
    const share = narrow ? 100 / data.panels.length : (98 - left) / data.panels.length;
    const place = (i) => (narrow
      ? { left: `${left}%`, right: "4%", top: `${i * share + 4}%`, height: `${share - 6}%` }
      : { left: `${left + i * share}%`, width: `${share - 2}%`, top: 26, bottom: 26 });
    return {
      ...common(),
      title: data.panels.map((panel, i) => ({
        text: panel.title, padding: 0, left: place(i).left,
        top: narrow ? `${i * share}%` : 0,
        textStyle: { color: css("--muted"), fontSize: 12, fontWeight: 500 },
      })),
      tooltip: {
        ...common().tooltip, trigger: "item",
        formatter: (item) => `${item.name}\n${item.seriesName}  ${number(item.value)}`,
      },
      grid: data.panels.map((_, i) => place(i)),
      xAxis: data.panels.map((_, i) => ({
        ...axis(), type: "value", gridIndex: i, max: most, min: 0, splitNumber: 2,
        axisLabel: {
          show: !narrow || i === data.panels.length - 1, color: css("--muted"),
          formatter: number, hideOverlap: true, showMaxLabel: false,
        },
      })),
      yAxis: data.panels.map((_, i) => ({
        ...axis(), type: "category", gridIndex: i, data: data.names, inverse: true,
        splitLine: { show: false },
        axisLabel: {
          show: narrow || i === 0, color: css("--ink"), fontSize: 13, interval: 0,
          width: narrow ? 80 : 110, overflow: "truncate",
        },
      })),
      series: data.panels.map((panel, i) => ({
        type: "bar", name: panel.title, xAxisIndex: i, yAxisIndex: i, data: panel.values,
        barMaxWidth: 18, itemStyle: { color: css(i % 2 ? "--second" : "--accent") },
        label: {
          show: true, position: "insideLeft", color: css("--ink"), fontSize: 11,
          textBorderColor: css("--card"), textBorderWidth: 2,
          formatter: ({ value }) => number(value),
        },
      })),
    };
  };

  // Lines over a quantity; where the data end is a line of its own, and what follows is dashed.
  const lines = (data, narrow) => {
    const colors = ["--ink", "--accent", "--second", "--muted", "--bad"];
    const marks = ["circle", "rect", "triangle", "diamond", "emptyCircle"];
    const split = (values) => { // the last point before the edge begins the dashed part
      const within = values.filter(([x]) => data.edge === null || x <= data.edge);
      return [within, within.length < values.length ? values.slice(Math.max(within.length - 1, 0)) : []];
    };
    // Named where it is solid and the lines are furthest apart, since they may end in one point.
    const named = (values) => values.map((value, at) => (
      at && at === values.length - 1 && !data.legend ? { value, label: { show: true } } : value
    ));
    const line = (one, at, values, dashed) => ({
      name: one.name, type: "line", data: dashed ? values : named(values),
      label: { formatter: one.name, color: css("--ink"), position: "left", distance: 10 },
      symbol: marks[at], symbolSize: 7, ...(data.is_of_days ? { step: "end" } : {}),
      showSymbol: !data.is_of_days || values.length < 15,
      itemStyle: { color: css(colors[at]) },
      lineStyle: { color: css(colors[at]), width: 2, type: dashed ? "dashed" : "solid" },
      ...(at === 0 && !dashed && data.edge !== null ? {
        markLine: {
          silent: true, symbol: "none", animation: false, data: [{ xAxis: data.edge }],
          lineStyle: { color: css("--muted"), type: "dotted" },
          label: { formatter: data.edge_label, color: css("--muted"), position: "insideEndTop" },
        },
      } : {}),
    });
    return {
      ...common(),
      tooltip: {
        ...common().tooltip, trigger: "axis",
        formatter: (items) => [
          data.is_of_days ? items[0].value[0] : `${data.x}  ${number(items[0].value[0])}`,
          ...new Set(items.map((item) => `${item.seriesName}  ${number(item.value[1])}`)),
        ].join("\n"),
      },
      grid: { left: 8, right: narrow ? 40 : 56, top: 24, bottom: 30, containLabel: true },
      xAxis: {
        ...axis(), name: data.x, nameLocation: "middle", nameGap: 28,
        nameTextStyle: { color: css("--muted") }, splitLine: { show: false },
        ...(data.is_of_days
          ? { type: "time", minInterval: 86400000 }
          : { type: "value", ...(data.legend ? { min: 1, minInterval: 1 } : {}) }),
        axisLabel: {
          color: css("--muted"), hideOverlap: true,
          formatter: data.is_of_days ? "{yyyy}-{MM}-{dd}" : number,
        },
      },
      yAxis: {
        ...axis(), type: "value", minInterval: 1,
        axisLabel: { color: css("--muted"), formatter: number, hideOverlap: true },
      },
      series: data.series.flatMap((one, at) => {
        const [within, beyond] = split(one.values);
        return [line(one, at, within, false), ...(beyond.length ? [line(one, at, beyond, true)] : [])];
      }),
    };
  };


  const kinds = { reach, forest, sankey, panels, lines };

  const draw = (box) => {
    const data = JSON.parse(document.getElementById(box.dataset.from).textContent);
    const chart = echarts.getInstanceByDom(box) || echarts.init(box);
    chart.setOption(kinds[data.kind](data, box.clientWidth < 520, box.clientHeight), true);
    box.dataset.drawn = "yes";
    return chart;
  };

  document.addEventListener("DOMContentLoaded", () => {
    const boxes = [...document.querySelectorAll(".chart[data-from]")];
    boxes.forEach(draw);
    const paper = matchMedia("print"); // on which what was drawn for the screen is made to fit
    addEventListener("resize", () => paper.matches || boxes.forEach((box) => draw(box).resize()));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => boxes.forEach(draw));
  });
})();
