using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Scitq.Hosting.Configuration;

/// <summary>Registers options whose values come from the options of a service.</summary>
public static class OptionsRegistration
{
    /// <summary>Options with <see cref="ServiceOptionAttribute"/>s: bound, checked at the start, and had as themselves.</summary>
    public static OptionsBuilder<TOptions> AddServiceOptions<TOptions>(this IServiceCollection services)
        where TOptions : class
    {
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<TOptions>>().Value);
        return services.AddOptions<TOptions>().BindConfiguration(ServiceOption.SectionOf<TOptions>()).Checked(ServiceOption.Of<TOptions>());
    }

    /// <summary>Options that are a section of the file, under the names of their properties.</summary>
    public static OptionsBuilder<TOptions> AddSectionOptions<TOptions>(this IServiceCollection services, string section)
        where TOptions : class =>
        services.AddOptions<TOptions>().BindConfiguration(section).Checked(ServiceOption.OfSection<TOptions>(section));

    private static OptionsBuilder<TOptions> Checked<TOptions>(this OptionsBuilder<TOptions> builder, IEnumerable<ServiceOption> options)
        where TOptions : class
    {
        var byProperty = options.Where(o => o.SecretKey is null).ToDictionary(o => o.Key[(o.Key.IndexOf(':') + 1)..]);
        builder.Services.AddSingleton<IValidateOptions<TOptions>>(new OptionRules<TOptions>(byProperty));
        return builder.ValidateOnStart();
    }
}
