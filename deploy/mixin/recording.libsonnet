// The share of time in which a path that is expected to work did not, maintenance left out. Of several exporters,
// more than half must find a node down.
function(config)
  local q = (import 'expressions.libsonnet')(config);
  local name = (import 'availability.libsonnet').name;
  local by(metric, labels='job, target') = 'max by (%s) (%s) == 1' % [labels, q.metric(metric)];
  // How often a window is looked into for gaps; it is recorded once a third of it was seen.
  local windows = [
    { window: '5m', step: '1m', least: 2 },
    { window: '30m', step: '1m', least: 10 },
    { window: '1h', step: '1m', least: 20 },
    { window: '2h', step: '5m', least: 8 },
    { window: '6h', step: '5m', least: 24 },
    { window: '1d', step: '15m', least: 32 },
    { window: '3d', step: '1h', least: 24 },
  ];
  [
    {
      name: 'onedata-availability',
      rules: [
        {
          record: name,
          expr: |||
            avg by (job, target, path) (avg by (job, target, path, node) (%(up)s) < bool 0.5)
            and on (job, target, path) %(expected)s
            unless on (job, target) %(maintenance)s
            unless on (job, target) %(offline)s
          ||| % {
            up: q.metric('onedata_onepanel_up'),
            expected: by('onedata_path_expected', 'job, target, path'),
            maintenance: by('onedata_target_maintenance'),
            offline: by('onedata_target_expected_offline'),
          },
        },
      ] + [
        {
          record: '%s_avg%s' % [name, each.window],
          expr: |||
            avg_over_time(%(name)s[%(window)s])
            and count_over_time(%(name)s[%(window)s:%(step)s]) >= %(least)d
          ||| % (each { name: name }),
        }
        for each in windows
      ],
    },
    // For the dashboards: a month is read from the recorded hours, and seldom.
    {
      name: 'onedata-availability-month',
      interval: '5m',
      rules: [
        {
          record: '%s_avg30d' % name,
          expr: 'avg_over_time(%s_avg1h[30d:1h])' % name,
        },
      ],
    },
  ]
