using System.Text.Json;

namespace Scitq.Fetch;

/// <summary>Reads <see cref="StorageProfiles"/> from a JSON file that only its owner may read.</summary>
public static class StorageFile
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>The profiles of the file.</summary>
    /// <param name="path">Where it is.</param>
    /// <exception cref="ArgumentException">It can't be used; the message is one line for the user, without any of the file's values.</exception>
    public static StorageProfiles Read(string path)
    {
        path = Path.GetFullPath(path);
        try
        {
            using var json = JsonDocument.Parse(Private(path),
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false });
            return Profiles(new StorageSection(json.RootElement, path, "the file"));
        }
        catch (JsonException e)
        {
            // Its own message may quote what is there.
            throw new ArgumentException(
                $"the storage file '{path}' is no JSON{(e.LineNumber is { } line ? $" (line {line + 1})" : "")}, or has a key twice.", e);
        }
    }

    /// <summary>The text of a file that only its owner may read.</summary>
    /// <exception cref="ArgumentException">It can't be read, or by too many.</exception>
    internal static string Private(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & Others) != 0)
                throw new ArgumentException($"the file '{path}' holds secrets and others than its owner may read or change it: chmod 600 '{path}'.");
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"the file '{path}' can't be read: {e.Message}", e);
        }
    }

    private static StorageProfiles Profiles(StorageSection root)
    {
        root.Only("s3", "azure", "ftp");
        var profiles = new StorageProfiles
        {
            S3 = [.. root.Sections("s3").Select(S3)], Azure = [.. root.Sections("azure").Select(Azure)], Ftp = [.. root.Sections("ftp").Select(Ftp)],
        };
        Reached(root, "s3", "buckets", [.. profiles.S3.Select(p => p.Buckets)]);
        Reached(root, "azure", "containers", [.. profiles.Azure.Select(p => p.Containers)]);
        Reached(root, "ftp", "hosts", [.. profiles.Ftp.Select(p => p.Hosts)]);
        return profiles;
    }

    private static S3Options S3(StorageSection section)
    {
        section.Only("buckets", "endpoint", "region", "profile", "access_key_id", "secret_access_key", "secret_access_key_file");
        var options = new S3Options
        {
            Buckets = section.Texts("buckets"),
            Endpoint = section.Address("endpoint"),
            Region = section.Text("region"),
            Profile = section.Text("profile"),
            AccessKeyId = section.Text("access_key_id"),
            SecretAccessKey = section.Secret("secret_access_key"),
        };
        if (options.AccessKeyId is null != options.SecretAccessKey is null) throw section.Wrong("has only one of access_key_id and secret_access_key");
        if (options is { AccessKeyId: not null, Profile: not null }) throw section.Wrong("has a key and a profile: one of them is enough");
        return options;
    }

    private static AzureOptions Azure(StorageSection section)
    {
        section.Only("containers", "endpoint", "account", "key", "key_file", "sas_token", "sas_token_file", "connection_string", "connection_string_file");
        var options = new AzureOptions
        {
            Containers = section.Texts("containers"),
            Endpoint = section.Address("endpoint"),
            Account = section.Text("account"),
            Key = section.Secret("key"),
            SasToken = section.Secret("sas_token"),
            ConnectionString = section.Secret("connection_string"),
        };
        if (options.ConnectionString is null == options.Account is null) throw section.Wrong("needs either an account or a connection_string");
        if (options is { ConnectionString: not null } and not { Key: null, SasToken: null, Endpoint: null })
            throw section.Wrong("has a connection_string, which holds all the rest: key, sas_token and endpoint do nothing");
        if (options is { Key: not null, SasToken: not null }) throw section.Wrong("has a key and a sas_token: one of them is enough");
        return options;
    }

    private static FtpOptions Ftp(StorageSection section)
    {
        section.Only("hosts", "tls", "ca_file");
        return new FtpOptions { Hosts = section.Texts("hosts"), Tls = section.Yes("tls"), Authorities = section.Certificates("ca_file") };
    }

    /// <summary>An account behind one for everything would never be used, so its writer meant something else.</summary>
    private static void Reached(StorageSection root, string kind, string selector, IReadOnlyList<IReadOnlyList<string>> globs)
    {
        var all = globs.TakeWhile(g => g.Count > 0 && !g.Contains("*")).Count();
        if (all < globs.Count - 1) throw root.Wrong($"has accounts below {kind} that are never used: number {all + 1} takes all {selector}, so it must be the "
            + "last");
    }
}
