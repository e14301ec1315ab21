// The share of time in which a path that is expected to work did not, maintenance left out.
function(config)
  local q = (import 'expressions.libsonnet')(config);
  local name = (import 'availability.libsonnet').name;
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
  {
    name: 'onedata-availability',
    rules: [
      {
        record: name,
        expr: |||
          1 - avg by (job, target, path) (%(up)s)
          and on (job, target, path) max by (job, target, path) (%(expected)s) == 1
          unless on (job, target) max by (job, target) (%(maintenance)s) == 1
        ||| % {
          up: q.metric('onedata_onepanel_up'),
          expected: q.metric('onedata_path_expected'),
          maintenance: q.metric('onedata_target_maintenance'),
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
  }
