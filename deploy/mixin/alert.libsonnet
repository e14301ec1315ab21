// How an alert is written down. `name` is without the prefix; `when` says its condition to people (docs only).
function(config) {
  local onNode = '{{ if $labels.node }} (node {{ $labels.node }}){{ end }}',
  local dashboards = {
    target: '/d/onedata-target?var-target={{ $labels.target | urlquery }}',
    exporter: '/d/onedata-exporter',
    fleet: '/d/onedata-fleet',
  },

  // The target as an alert's text names it.
  subject:: '{{ $labels.target }}' + onNode,

  alert(name, severity, expr, when, summary, description, after='', keep=config.keepFiring, dashboard='target', labels={}):: {
    alert: 'Onedata' + name,
    expr: expr,
    [if after != '' then 'for']: after,
    [if keep != '' then 'keep_firing_for']: keep,
    labels: { severity: severity } + labels,
    annotations: {
      summary: summary,
      description: description,
      runbook_url: config.runbookUrl % ('Onedata' + name),
      dashboard_url: config.grafanaUrl + dashboards[dashboard],
    },
    when:: when,
  },
}
