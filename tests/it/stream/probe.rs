//! Files that are looked for, and small ones.

use image_mirror::error::{Class, Classify};
use image_mirror::registry::Probed;
use image_mirror::stream::source::Source;

use super::fetch::{FILE, SIZE, client, client_with, with_file};
use crate::support::{FileFault, FileServer};

#[tokio::test]
async fn a_probe_asks_for_one_byte_by_get_and_takes_no_more() {
    let (server, _) = with_file().await;
    let client = client();
    let probed = client.probe(&server.url(FILE)).await.unwrap();
    assert_eq!((probed.status, probed.size), (206, Some(SIZE as u64)));
    assert!(!probed.is_page && !probed.is_elsewhere);
    assert_eq!(client.wire().received, 1);

    server.fault(FILE, FileFault::NoRanges);
    let probed = client.probe(&server.url(FILE)).await.unwrap();
    assert_eq!((probed.status, probed.size), (200, Some(SIZE as u64)));
    assert_eq!(client.wire().received, 1, "the whole file was taken for a probe");
    let asked = server.asked();
    assert!(asked.iter().all(|asked| asked.method == "GET" && asked.header("range") == Some("bytes=0-0")));
}

#[tokio::test]
async fn a_probe_tells_what_the_server_says_and_asks_again_only_if_that_is_nothing() {
    let (server, _) = with_file().await;
    let client = client_with(|options| options.attempts = 2);
    for status in [400, 403, 404, 410, 451] {
        server.fault("/x", FileFault::status(status));
        assert_eq!(client.probe(&server.url("/x")).await.unwrap().status, status);
    }
    assert_eq!(server.asked().len(), 5);
    for (status, class) in [(503, Class::Transient), (401, Class::Denied), (408, Class::Transient)] {
        server.always(&format!("/{status}"), FileFault::status(status));
        let error = client.probe(&server.url(&format!("/{status}"))).await.unwrap_err();
        assert_eq!(error.class(), class, "{status}");
    }
    server.put("/empty", "");
    let Probed { status, size, .. } = client.probe(&server.url("/empty")).await.unwrap();
    assert_eq!((status, size), (416, Some(0)));
    server.fault("/empty", FileFault::Unsized).fault(FILE, FileFault::Unsized);
    let Probed { status, size, .. } = client.probe(&server.url("/empty")).await.unwrap();
    assert_eq!((status, size), (200, Some(0)), "nothing comes");
    assert_eq!(client.probe(&server.url(FILE)).await.unwrap().size, None);
}

#[tokio::test]
async fn a_small_file_is_no_page_and_no_larger_than_allowed_and_a_signature_is_not_empty() {
    let server = FileServer::start().await;
    server.put("/a.sig", "signed").put_page("/page.sig").put("/empty.sig", "");
    server.put("/large.sig", vec![0; (64 << 10) + 1]);
    server.fault("/folder.sig", FileFault::redirect(302, "/folder.sig/")).put("/folder.sig/", "index");
    let client = client();
    let signature = async |path: &str| Source::Web(server.url(path)).read_signature(&client).await;
    assert_eq!(signature("/a.sig").await.unwrap(), "signed");
    for (path, class) in [
        ("/page.sig", Class::Missing),
        ("/folder.sig", Class::Missing),
        ("/none.sig", Class::Missing),
        ("/empty.sig", Class::Corrupt),
        ("/large.sig", Class::Protocol),
    ] {
        assert_eq!(signature(path).await.unwrap_err().class(), class, "{path}");
        assert!(server.count(path) == 1, "{path} was asked for again");
    }
}
