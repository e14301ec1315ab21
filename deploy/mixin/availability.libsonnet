// The name of the recorded series that the availability of a path is computed from; with `_avg5m` and so on.
{
  name: 'job_target_path:onedata_onepanel_unavailable:ratio',
}
