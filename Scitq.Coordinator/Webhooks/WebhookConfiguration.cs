using System.Text;
using Microsoft.Extensions.Options;
using Scitq.Contracts;

namespace Scitq.Coordinator.Webhooks;

/// <summary>Reads the list <c>webhooks</c> of the coordinator's file.</summary>
internal static class WebhookConfiguration
{
    public const string Section = "webhooks";

    /// <summary>By these names the standard's libraries hand out secrets.</summary>
    private const string Base64 = "whsec_";

    private const int LeastSecret = 16;
    private static readonly IReadOnlyList<string> Keys = ["name", "url", "url-file", "secret-file", "events"];

    /// <exception cref="OptionsValidationException">Something there can't be used.</exception>
    public static IReadOnlyList<Webhook> Read(IConfiguration configuration)
    {
        var hooks = new List<Webhook>();
        foreach (var item in configuration.GetSection(Section).GetChildren())
        {
            try
            {
                var hook = Read(item);
                if (hooks.Exists(h => h.Name == hook.Name)) throw new ArgumentException($"there are two of the name '{hook.Name}'.");
                hooks.Add(hook);
            }
            catch (ArgumentException e)
            {
                throw new OptionsValidationException(Section, typeof(Webhook), [$"'{item.Path}': {e.Message}"]);
            }
        }

        return hooks;
    }

    private static Webhook Read(IConfigurationSection item)
    {
        if (item.Value is not null) throw new ArgumentException($"a webhook has the members {string.Join(", ", Keys)}.");
        foreach (var member in item.GetChildren())
            if (!Keys.Contains(member.Key))
                throw new ArgumentException(
                    $"unknown member '{member.Key}'{(NearestName.Of(member.Key, Keys) is { } near ? $": did you mean '{near}'?" : ".")}");
        var address = item["url-file"] is { Length: > 0 } file ? SecretFile.Read(file) : item["url"];
        // Not repeated: it may hold a secret.
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            || url.UserInfo.Length > 0)
            throw new ArgumentException("its url (or what url-file holds) is no http:// or https:// address without a user.");
        var events = item.GetSection("events").GetChildren().Select(e => e.Value ?? "").ToList();
        if (events.Count == 0) throw new ArgumentException($"it names no events: there are {string.Join(", ", WebhookEvents.All)}.");
        if (events.Find(e => !WebhookEvents.All.Contains(e)) is { } unknown)
            throw new ArgumentException(
                $"event '{unknown}' is none of {string.Join(", ", WebhookEvents.All)}"
                + $"{(NearestName.Of(unknown, WebhookEvents.All) is { } near ? $": did you mean '{near}'?" : ".")}");
        return new Webhook(item["name"] is { Length: > 0 } name ? name : url.Host, url, Secret(item["secret-file"]), [.. events]);
    }

    private static byte[] Secret(string? file)
    {
        if (string.IsNullOrEmpty(file)) throw new ArgumentException("it has no secret-file: what is told is signed.");
        var text = SecretFile.Read(file);
        byte[] secret;
        try
        {
            secret = text.StartsWith(Base64, StringComparison.Ordinal) ? Convert.FromBase64String(text[Base64.Length..]) : Encoding.UTF8.GetBytes(text);
        }
        catch (FormatException)
        {
            throw new ArgumentException($"what follows {Base64} in '{file}' is not base64.");
        }

        return secret.Length >= LeastSecret ? secret : throw new ArgumentException($"the secret in '{file}' is shorter than {LeastSecret} bytes.");
    }
}
