using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Scitq.Fetch;

/// <summary>One object of a storage file.</summary>
internal sealed class StorageSection(JsonElement element, string path, string name)
{
    /// <summary>Names the place, never a value: it may be a secret.</summary>
    public ArgumentException Wrong(string what) => new($"the storage file '{path}': {name} {what}.");

    /// <summary>Checks that it is an object with none but these keys.</summary>
    public void Only(params ReadOnlySpan<string> keys)
    {
        if (element.ValueKind != JsonValueKind.Object) throw Wrong("is not a JSON object");
        foreach (var member in element.EnumerateObject())
            if (!keys.Contains(member.Name)) throw Wrong($"has the unknown key '{Redacted.Of(member.Name)}'; known are {string.Join(", ", keys.ToArray())}");
    }

    /// <summary>The objects of a list, or the one that stands for it.</summary>
    public IEnumerable<StorageSection> Sections(string key)
    {
        if (!element.TryGetProperty(key, out var value)) return [];
        return value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Select((item, i) => new StorageSection(item, path, $"{key} number {i + 1}"))
            : [new StorageSection(value, path, key)];
    }

    public string? Text(string key) => !element.TryGetProperty(key, out var value) ? null
        : value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text
        : throw Wrong($"has a {key} that is no text");

    public IReadOnlyList<string> Texts(string key)
    {
        if (!element.TryGetProperty(key, out var value)) return [];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0
            || value.EnumerateArray().Any(v => v.ValueKind != JsonValueKind.String || v.GetString()!.Length == 0))
            throw Wrong($"has {key} that are no list of names");
        return [.. value.EnumerateArray().Select(v => v.GetString()!)];
    }

    public string? Address(string key) => Text(key) is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 ? text
        : throw Wrong($"has an {key} that is no http:// or https:// address");

    public bool Yes(string key) => element.TryGetProperty(key, out var value)
        && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong($"has a {key} that is neither true nor false"));

    /// <summary>Those in the PEM file that the key names, relative to the storage file. They are no secret.</summary>
    public X509Certificate2Collection? Certificates(string key)
    {
        if (Text(key) is not { } file) return null;
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPemFile(Path.Combine(Path.GetDirectoryName(path)!, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw Wrong($"names a {key} that can't be read ({e.Message.TrimEnd('.')})");
        }

        return found.Count > 0 ? found : throw Wrong($"names a {key} that holds no certificate in PEM");
    }

    /// <summary>From the key itself, or from the file that <c>KEY_file</c> names.</summary>
    public string? Secret(string key)
    {
        if (Text(key + "_file") is not { } file) return Text(key);
        if (Text(key) is not null) throw Wrong($"has both {key} and {key}_file");
        return StorageFile.Private(Path.Combine(Path.GetDirectoryName(path)!, file)).Trim() is { Length: > 0 } secret
            ? secret
            : throw Wrong($"names a {key}_file that is empty");
    }
}
