using Microsoft.Extensions.DependencyInjection;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Bus;

/// <summary>The inbox: what brings messages to the parts that take them, and what watches that they arrive.</summary>
internal static class InboxRegistration
{
    public static IServiceCollection AddInbox(this IServiceCollection services) => services.AddSingleton<IInbox, Inbox>().AddPart<Watchdog>();
}
