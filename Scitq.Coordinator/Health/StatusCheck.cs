using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Scitq.Coordinator.Health;

/// <summary>The health of the coordinator's parts, as they notice it themselves.</summary>
internal sealed class StatusCheck(IServerStatus status) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var problems = new Dictionary<string, object> { [ServerHealth.Problems] = status.Problems };
        return Task.FromResult(status.Ready ? HealthCheckResult.Healthy(data: problems) : HealthCheckResult.Unhealthy(data: problems));
    }
}
