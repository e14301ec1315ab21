// Can the monitoring be trusted? These alerts are about exporters, hence keep `instance`, and about their job.
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);
  local up = 'up{%s}' % config.exporterSelector;
  local seen(labels) = 'max by (%s) (max_over_time(%s[%s]))' % [labels, up, config.exporterDownWindow];
  local interval = 'onedata_poll_interval_seconds';

  local othersUp = '%s == 0\nand on (job) %s == 1' % [seen('job, instance'), seen('job')];
  // The exporter polled a target that no living exporter polls. An alert that fires for this outlasts the window.
  local alone = |||
    on (job, instance) (
      %(polled)s
      unless on (job, target) (%(polling)s and on (job, instance) %(seen)s == 1)
      or ALERTS{alertname="OnedataExporterDown",alertstate="firing",severity="critical"}
    )
  ||| % {
    polled: q.highest(interval, window=config.watchedWindow),
    polling: q.highest(interval),
    seen: seen('job, instance'),
  };
  local withOthers(expr) = 'label_replace(\n%s, "others", "up", "", ""\n)' % expr;

  local shards = q.highest('onedata_exporter_shard_info');
  local present = 'count by (job, count) (group by (job, index, count) (%s))' % shards;
  local missing = |||
    %(present)s
    unless on (job, count) count_values by (job) ("count", %(present)s)
  ||| % { present: present };
  {
    name: 'onedata-exporter',
    rules: [
      a.alert(
        'ExporterDown',
        'critical',
        withOthers('%s\nand %s' % [othersUp, alone]) +
        '\nor on (job, instance) %s == 0\nunless on (job) %s == 1' % [seen('job, instance'), seen('job')],
        dashboard='exporter',
        when='No scrape of the exporter succeeded within %s, and no other exporter polls all of its targets.' %
             config.exporterDownWindow,
        summary='The exporter at {{ $labels.instance }} is down',
        description='Prometheus cannot scrape {{ $labels.instance }}, and no other exporter polls its targets: ' +
                    'outages of these clusters go unnoticed. ' +
                    'First step: on its host, run `systemctl status onedata-exporter` and read its log.',
      ),
      a.alert(
        'ExporterDown',
        'warning',
        withOthers('%s\nunless %s' % [othersUp, alone]),
        dashboard='exporter',
        when='No scrape of the exporter succeeded within %s; other exporters poll all of its targets.' %
             config.exporterDownWindow,
        summary='The exporter at {{ $labels.instance }} is down; others poll its targets',
        description='Prometheus cannot scrape {{ $labels.instance }}. Other exporters poll its targets: ' +
                    'nothing goes unnoticed until they fail, too. ' +
                    'First step: on its host, run `systemctl status onedata-exporter` and read its log.',
      ),
      a.alert(
        'ExporterAbsent',
        'critical',
        'absent(%s)' % up,
        dashboard='exporter',
        when='Prometheus has no scrape job of the exporter.',
        summary='Prometheus scrapes no onedata-exporter',
        description='There is no series %s: no Onedata cluster is monitored. ' % up +
                    'First step: check the job under Status, Targets in Prometheus, and its scrape configuration.',
      ),
      a.alert(
        'ShardMissing',
        'critical',
        missing,
        dashboard='exporter',
        when='An index of the shards has no exporter.',
        summary='Job {{ $labels.job }} has exporters for {{ $value }} of {{ $labels.count }} shards',
        description='The exporters of job {{ $labels.job }} that are started with COUNT {{ $labels.count }} have ' +
                    '{{ $value }} of {{ $labels.count }} indexes: the targets of the other shards are not polled. ' +
                    'First step: compare the number of pods or units with COUNT, and start the missing ones.',
      ),
      a.alert(
        'ShardMissing',
        'warning',
        'count by (job) (group by (job, count) (%s)) > 1\nunless on (job) (\n%s)' % [shards, missing],
        dashboard='exporter',
        when='Exporters of one job are started with different COUNTs, each of them with all its indexes.',
        summary='The exporters of job {{ $labels.job }} have {{ $value }} different shard counts',
        description='The exporters of job {{ $labels.job }} are started with {{ $value }} different COUNTs: ' +
                    'some targets are polled by more exporters than others. ' +
                    'First step: finish the rollout, or give exporters of another place a job of their own.',
      ),
      a.alert(
        'ConfigReloadFailed',
        'warning',
        'max by (job, instance) (%s) == 0' % q.highest('onedata_exporter_config_last_reload_successful'),
        dashboard='exporter',
        when='The last attempt to load the configuration failed; the previous one is still in use.',
        summary='{{ $labels.instance }} could not load its configuration',
        description='{{ $labels.instance }} continues with the previous configuration. ' +
                    'First step: run `onedata-exporter check-config --config.file FILE`: it prints every fault.',
      ),
      a.alert(
        'UnhandledErrors',
        'warning',
        'sum by (job, instance, where) (increase(%s[%s])) > 0' %
        [q.metric('onedata_exporter_unhandled_errors_total'), config.unhandledErrorsWindow],
        dashboard='exporter',
        when='The exporter caught an unexpected exception within %s.' % config.unhandledErrorsWindow,
        summary='{{ $labels.instance }} caught an unexpected exception',
        description='An unexpected exception was caught in the {{ $labels.where }} of {{ $labels.instance }}. ' +
                    'First step: find the traceback in its log, and report it as an issue.',
      ),
      a.alert(
        'Watchdog',
        'none',
        'vector(1)',
        dashboard='exporter',
        when='Always: a dead man\'s switch reports when it stops.',
        summary='Alerts are delivered',
        description='This alert always fires. It shows that Prometheus evaluates the rules and that Alertmanager ' +
                    'delivers. First step: send it to a service that raises an alarm when it stops.',
      ),
    ],
  }
