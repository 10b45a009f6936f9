using Scitq.Coordinator.Api;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Retention;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Webhooks;
using Scitq.Hosting.Configuration;

namespace Scitq.Coordinator;

/// <summary>The options and defaults of programs with a coordinator.</summary>
public static class CoordinatorProgram
{
    private const string Purpose = "The coordinator follows every task to its end: queues, leases, retries, logs and the API.";

    /// <summary>The options of every such program.</summary>
    public static IReadOnlyList<ServiceOption> Common { get; } =
    [
        .. ServiceOption.Of<ApiOptions>(),
        .. ServiceOption.Of<CoordinatorOptions>().Where(o => o.Name == "data"),
        .. ServiceOption.Of<RetentionOptions>(),
        .. ServiceOption.OfSection<TaskOptions>("Tasks"),
    ];

    /// <summary>
    /// The log's levels. <c>DatabasePatience</c> tells where it matters that the database is away; what Entity Framework and the bus say of it
    /// would fill the log, and so would each health check that fails.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, string?>> Defaults { get; } =
    [
        new("Logging:LogLevel:Default", "Information"), new("Logging:LogLevel:Microsoft", "Warning"), new("Logging:LogLevel:MassTransit", "Error"),
        new("Logging:LogLevel:Microsoft.EntityFrameworkCore", "None"), new("Logging:LogLevel:MassTransit.ReceiveTransport", "None"),
        new("Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks", "None"),
    ];

    /// <summary>Lists of the configuration file of every such program.</summary>
    public static IReadOnlyList<string> Lists { get; } = [WebhookConfiguration.Section];

    /// <summary>The coordinator as a program of its own.</summary>
    public static ServiceProgram Service { get; } =
        new("scitq-coordinator", Purpose, [.. Common, .. ServiceOption.Of<CoordinatorOptions>().Where(o => o.Name != "data")])
        {
            Defaults = Defaults, Lists = Lists,
        };
}
