using Microsoft.Extensions.DependencyInjection.Extensions;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Webhooks;

internal static class WebhooksRegistration
{
    /// <summary>The receivers of the configuration; where there is none, nothing looks at ends, and nothing runs.</summary>
    public static IServiceCollection AddWebhooks(this IServiceCollection services, IConfiguration configuration)
    {
        var hooks = WebhookConfiguration.Read(configuration);
        return hooks.Count == 0 ? services.AddOutbox() : services.AddWebhooks(hooks);
    }

    public static IServiceCollection AddWebhooks(this IServiceCollection services, IReadOnlyList<Webhook> hooks)
    {
        services.AddSingleton(new Outbox(hooks)).AddSingleton<ICommitAddition, TaskNotices>();
        services.AddSingleton<NoticeQueue>().AddSingleton<BatchEnds>().AddSingleton<WebhookClient>();
        return services.AddObserver<WebhookSender>();
    }

    /// <summary>An outbox that nobody reads, for what would write to it.</summary>
    public static IServiceCollection AddOutbox(this IServiceCollection services)
    {
        services.TryAddSingleton(new Outbox([]));
        services.TryAddSingleton<DiskNotices>();
        return services;
    }
}
