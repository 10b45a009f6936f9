using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Scitq.Coordinator.Webhooks;

/// <summary>A receiver: where it is, what it wants to be told, and the secret by which it knows that we tell it.</summary>
/// <param name="Name">What tables and logs call it. Its address may hold a secret too.</param>
internal sealed record Webhook(string Name, Uri Url, byte[] Secret, IReadOnlyCollection<string> Events)
{
    /// <summary>The signature as <c>standardwebhooks.com</c> describes it, so that its libraries can be used to check it.</summary>
    public string Sign(string id, long timestamp, string body)
    {
        var signed = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.{body}"));
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(Secret, signed))}";
    }

    public override string ToString() => Name;
}
