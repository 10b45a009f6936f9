using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Scitq.Benchmarks.Measuring;

namespace Scitq.Benchmarks.Systems;

/// <summary>A store on this machine, and how both programs are told of it: by environment alone.</summary>
/// <param name="Name">Its scheme in a URI of ours and its remote in a path of rclone's.</param>
/// <param name="Root">The bucket or container.</param>
/// <param name="Environment">The variables of both programs.</param>
internal sealed record ObjectStore(string Name, string Root, IReadOnlyDictionary<string, string> Environment)
{
    // The account every Azurite has; no secret.
    private const string AzureAccount = "devstoreaccount1";
    private const string AzureKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public string OurUri(string path) => $"{Name}://{Root}/{path}";

    public string RclonePath(string path) => $"{Name}:{Root}/{path}";

    /// <summary>The stores that are asked for, each with an empty bucket, their servers counted as a group.</summary>
    public static async Task<IReadOnlyList<ObjectStore>> OpenAsync(Bench bench)
    {
        var stores = new List<ObjectStore>();
        foreach (var name in bench.Options.Stores)
        {
            var store = name switch
            {
                "s3" => S3(new Uri(Bench.Variable("SCITQ_TEST_S3"))),
                "azure" => Azure(Bench.Variable("SCITQ_TEST_AZURE").TrimEnd('/')),
                _ => throw new BenchException($"there is no store '{name}'."),
            };
            foreach (var pid in Bench.Variable($"SCITQ_PIDS_{name.ToUpperInvariant()}").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                bench.Meter.Group(store.Server).Adopt(int.Parse(pid, CultureInfo.InvariantCulture), whole: true);
            // rclone makes buckets, we never do.
            await TimedProcess.RunAsync(bench, Bench.Clients, store.Environment, Rclone.Program, ["mkdir", store.RclonePath("")]);
            stores.Add(store);
        }

        return stores;
    }

    /// <summary>The group of its server.</summary>
    public string Server => $"{Name}-server";

    private static string Fresh() => $"bench-{Guid.NewGuid():N}"[..16];

    private static ObjectStore S3(Uri address)
    {
        var user = address.UserInfo.Split(':');
        var endpoint = $"{address.Scheme}://{address.Host}:{address.Port}";
        return new ObjectStore("s3", Fresh(), new Dictionary<string, string>
        {
            ["AWS_ENDPOINT_URL"] = endpoint,
            ["AWS_ACCESS_KEY_ID"] = user[0],
            ["AWS_SECRET_ACCESS_KEY"] = user[1],
            ["RCLONE_CONFIG_S3_TYPE"] = "s3",
            ["RCLONE_CONFIG_S3_PROVIDER"] = "Ceph",
            ["RCLONE_CONFIG_S3_ENDPOINT"] = endpoint,
            ["RCLONE_CONFIG_S3_ACCESS_KEY_ID"] = user[0],
            ["RCLONE_CONFIG_S3_SECRET_ACCESS_KEY"] = user[1],
        });
    }

    private static ObjectStore Azure(string address)
    {
        var endpoint = $"{address}/{AzureAccount}";
        return new ObjectStore("azure", Fresh(), new Dictionary<string, string>
        {
            ["AZURE_STORAGE_ACCOUNT"] = AzureAccount,
            ["AZURE_STORAGE_KEY"] = AzureKey,
            ["AZURE_STORAGE_ENDPOINT"] = endpoint,
            ["RCLONE_CONFIG_AZURE_TYPE"] = "azureblob",
            // With an account and a key, Debian's rclone knows no server but Azure's own.
            ["RCLONE_CONFIG_AZURE_SAS_URL"] = $"{endpoint}/?{AccountSas()}",
        });
    }

    /// <summary>A signature that allows everything on all blobs of the account.</summary>
    private static string AccountSas()
    {
        const string Permissions = "rwdlacup", Services = "b", Types = "sco", Expires = "2100-01-01T00:00:00Z", Version = "2019-12-12";
        var signed = $"{AzureAccount}\n{Permissions}\n{Services}\n{Types}\n\n{Expires}\n\n\n{Version}\n";
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(AzureKey), Encoding.UTF8.GetBytes(signed)));
        return $"sv={Version}&ss={Services}&srt={Types}&sp={Permissions}&se={Uri.EscapeDataString(Expires)}&sig={Uri.EscapeDataString(signature)}";
    }
}
