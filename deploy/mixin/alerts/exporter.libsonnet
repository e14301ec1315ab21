// Can the monitoring be trusted? These alerts are about one exporter, hence keep `instance`.
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);
  local up = 'up{%s}' % config.exporterSelector;
  local seen(labels) = 'max by (%s) (max_over_time(%s[1m]))' % [labels, up];
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
        after='1m',
        dashboard='exporter',
        when='No scrape of the exporter succeeded for two minutes.',
        summary='The exporter at {{ $labels.instance }} is down',
        description='Prometheus cannot scrape {{ $labels.instance }}: nothing is known of any Onedata cluster it watches. ' +
                    'First step: on its host, look at `systemctl status onedata-exporter` and its log.',
      ),
      a.alert(
        'ExporterAbsent',
        'critical',
        'absent(%s)' % up,
        after='5m',
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
          max by (job, instance, target) (time() - %(attempt)s)
            > 3 * max by (job, instance, target) (%(interval)s)
          or max by (job, instance, target) (%(polls)s) == 0
        ||| % {
          attempt: q.highest('onedata_poll_last_attempt_timestamp_seconds'),
          interval: q.highest('onedata_poll_interval_seconds'),
          polls: q.highest('onedata_polls_total'),
        },
        after='5m',
        dashboard='exporter',
        when='No round of a target was finished for three intervals, or none since the start (intervals up to 5 minutes).',
        summary='{{ $labels.target }} is no longer looked at',
        description='{{ $labels.instance }} finishes no more rounds of {{ $labels.target }}; its gauges are withheld. ' +
                    'First step: read the log of the exporter, then restart it.',
      ),
      a.alert(
        'ConfigReloadFailed',
        'warning',
        'max by (job, instance) (%s) == 0' % q.highest('onedata_exporter_config_last_reload_successful'),
        after='5m',
        dashboard='exporter',
        when='The last attempt to load the configuration failed; the one before is still in use.',
        summary='{{ $labels.instance }} could not load its configuration',
        description='{{ $labels.instance }} goes on with the configuration it had before. ' +
                    'First step: run `onedata-exporter check-config --config.file FILE`: it names every fault.',
      ),
      a.alert(
        'UnhandledErrors',
        'warning',
        'sum by (job, instance, where) (increase(%s[15m])) > 0' %
        q.metric('onedata_exporter_unhandled_errors_total'),
        keep='',
        dashboard='exporter',
        when='The exporter caught an exception that nobody expected, in the last 15 minutes.',
        summary='{{ $labels.instance }} met a bug of its own',
        description='An unexpected exception was caught in the {{ $labels.where }} of {{ $labels.instance }}. ' +
                    'First step: find the traceback in its log, and report it.',
      ),
    ],
  }
