// Can the monitoring be trusted? These alerts are about one exporter, hence keep `instance`.
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);
  local up = 'up{%s}' % config.exporterSelector;
  local seen(labels) = 'max by (%s) (max_over_time(%s[%s]))' % [labels, up, config.exporterDownWindow];
  {
    name: 'onedata-exporter',
    rules: [
      a.alert(
        'ExporterDown',
        'critical',
        // While other exporters of the job go on, the label `others` says so: their targets are not silenced.
        |||
          label_replace(%(down)s and on (job) %(others)s == 1, "others", "up", "", "")
          or on (job, instance) %(down)s
        ||| % { down: seen('job, instance') + ' == 0', others: seen('job') },
        dashboard='exporter',
        when='No scrape of the exporter succeeded within %s.' % config.exporterDownWindow,
        summary='The exporter at {{ $labels.instance }} is down',
        description='Prometheus cannot scrape {{ $labels.instance }}: nothing is known of any Onedata cluster it watches. ' +
                    'First step: on its host, look at `systemctl status onedata-exporter` and its log.',
      ),
      a.alert(
        'ExporterAbsent',
        'critical',
        'absent(%s)' % up,
        dashboard='exporter',
        when='Prometheus has no scrape job of the exporter at all.',
        summary='Prometheus scrapes no onedata-exporter',
        description='There is no series %s: no Onedata cluster is watched. ' % up +
                    'First step: look for the job under Status, Targets in Prometheus, and at its scrape configuration.',
      ),
      a.alert(
        'PollingStalled',
        'critical',
        |||
          (
            max by (job, instance, target) (time() - %(attempt)s)
              > %(intervals)d * max by (job, instance, target) (%(interval)s)
            or max by (job, instance, target) (%(polls)s) == 0
          )%(outside)s
        ||| % {
          attempt: q.highest('onedata_poll_last_attempt_timestamp_seconds'),
          interval: q.highest('onedata_poll_interval_seconds'),
          polls: q.highest('onedata_polls_total'),
          intervals: config.stalledIntervals,
          outside: q.outsideMaintenance(),
        },
        dashboard='exporter',
        when='No round of a target was finished for %d intervals, or none since the start (intervals up to %s).' %
             [config.stalledIntervals, config.after.PollingStalled],
        summary='{{ $labels.target }} is no longer looked at',
        description='{{ $labels.instance }} finishes no more rounds of {{ $labels.target }}; its gauges are withheld. ' +
                    'First step: read the log of the exporter, then restart it.',
      ),
      a.alert(
        'ConfigReloadFailed',
        'warning',
        'max by (job, instance) (%s) == 0' % q.highest('onedata_exporter_config_last_reload_successful'),
        dashboard='exporter',
        when='The last attempt to load the configuration failed; the one before is still in use.',
        summary='{{ $labels.instance }} could not load its configuration',
        description='{{ $labels.instance }} goes on with the configuration it had before. ' +
                    'First step: run `onedata-exporter check-config --config.file FILE`: it names every fault.',
      ),
      a.alert(
        'UnhandledErrors',
        'warning',
        'sum by (job, instance, where) (increase(%s[%s])) > 0' %
        [q.metric('onedata_exporter_unhandled_errors_total'), config.unhandledErrorsWindow],
        dashboard='exporter',
        when='The exporter caught an exception that nobody expected, within %s.' % config.unhandledErrorsWindow,
        summary='{{ $labels.instance }} met a bug of its own',
        description='An unexpected exception was caught in the {{ $labels.where }} of {{ $labels.instance }}. ' +
                    'First step: find the traceback in its log, and report it.',
      ),
    ],
  }
