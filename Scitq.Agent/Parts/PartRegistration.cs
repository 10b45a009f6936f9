using Microsoft.Extensions.DependencyInjection;

namespace Scitq.Agent.Parts;

/// <summary>Makes a class one of the agent's parts.</summary>
internal static class PartRegistration
{
    /// <summary>One instance, which is run, told and brought messages by what it implements: the class's own declaration is the only list of that.</summary>
    public static IServiceCollection AddPart<T>(this IServiceCollection services)
        where T : class => services.AddPart(s => ActivatorUtilities.CreateInstance<T>(s));

    /// <inheritdoc cref="AddPart{T}(IServiceCollection)"/>
    public static IServiceCollection AddPart<T>(this IServiceCollection services, Func<IServiceProvider, T> make)
        where T : class
    {
        services.AddSingleton(make);
        foreach (var contract in typeof(T).GetInterfaces())
        {
            if (contract == typeof(IAgentPart) || contract == typeof(ICoordinatorListener)) services.AddSingleton(contract, s => s.GetRequiredService<T>());
            else if (IsHandler(contract)) services.AddSingleton(s => Route(contract, s.GetRequiredService<T>()));
        }

        return services;
    }

    private static bool IsHandler(Type contract) => contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IMessageHandler<>);

    private static MessageRoute Route(Type contract, object handler) =>
        (MessageRoute)Activator.CreateInstance(typeof(MessageRoute<>).MakeGenericType(contract.GetGenericArguments()), handler)!;
}
